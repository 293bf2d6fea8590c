// A look at all connections from time to time, which knows how late it comes.
import type { Clock } from '../clock.js';

/**
 * @param late By how many ms the look is late, because the process was stopped or busy.
 * @param fair False when the look is so late that clients had no time to be read or to read: then nobody is to be
 *   judged. It is never false twice in a row.
 * @returns Whether to go on looking.
 */
export type Look = (late: number, fair: boolean) => boolean;

export class Sweep {
  readonly #clock: Clock;
  readonly #interval: number;
  readonly #look: Look;
  #fair = true;
  #cancel: (() => void) | undefined;

  /** @param interval In ms. */
  constructor(clock: Clock, interval: number, look: Look) {
    this.#clock = clock;
    this.#interval = interval;
    this.#look = look;
  }

  /** Begins to look, unless it does already. */
  start(): void {
    if (this.#cancel) return;
    const due = this.#clock.now() + this.#interval;
    this.#cancel = this.#clock.after(this.#interval, () => {
      this.#cancel = undefined;
      const late = Math.max(0, this.#clock.now() - due);
      this.#fair = !this.#fair || late <= this.#interval;
      if (this.#look(late, this.#fair)) this.start();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
