// Restart intensity as in Erlang/OTP: a number of restarts in a period, and past that none until the period is over.

export class Intensity {
  readonly #limit: number;
  readonly #period: number;
  #times: number[] = [];

  /** @param period Milliseconds. */
  constructor(limit: number, period: number) {
    this.#limit = limit;
    this.#period = period;
  }

  /** Notes a restart at `now`; returns the ms to wait before it, 0 for none. */
  restart(now: number): number {
    this.#times = this.#times.filter((time) => now - time < this.#period);
    this.#times.push(now);
    return this.#times.length <= this.#limit ? 0 : this.#period;
  }
}
