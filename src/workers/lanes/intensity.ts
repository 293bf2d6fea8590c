// Restart intensity as in Erlang/OTP: so many restarts in a period, and past it none until the period is over.

export class Intensity {
  readonly #limit: number;
  readonly #period: number;
  #times: number[] = [];

  /** @param period Milliseconds. */
  constructor(limit: number, period: number) {
    this.#limit = limit;
    this.#period = period;
  }

  /** Notes a restart at `now`; returns after how many ms it may be done, 0 for at once. */
  restart(now: number): number {
    this.#times = this.#times.filter((time) => now - time < this.#period);
    this.#times.push(now);
    return this.#times.length <= this.#limit ? 0 : this.#period;
  }
}
