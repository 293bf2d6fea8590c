// Notices a daemon that has stopped sending, heartbeats included.
import { type Clock, systemClock } from '../clock.js';

export class Silence {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #onSilent: () => void;
  #heard = 0;
  #cancel: (() => void) | undefined;

  /** @param limit In ms; 0 for never. */
  constructor(limit: number, onSilent: () => void, clock: Clock = systemClock) {
    this.#limit = limit;
    this.#onSilent = onSilent;
    this.#clock = clock;
  }

  /** Something came, or reading begins again. */
  heard(): void {
    if (this.#limit > 0) this.#heard = this.#clock.now();
  }

  /** From now on, the daemon has to send something. While `reading` says that nothing is read, the clock stands still. */
  watch(reading: () => boolean): void {
    this.stop();
    this.heard();
    if (this.#limit > 0) this.#lookIn(this.#limit, reading);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #lookIn(ms: number, reading: () => boolean): void {
    this.#cancel = this.#clock.after(ms, () => {
      if (!reading()) this.heard();
      const left = this.#heard + this.#limit - this.#clock.now();
      if (left > 0) this.#lookIn(left, reading);
      else this.#onSilent();
    });
  }
}
