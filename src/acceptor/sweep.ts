// Looks at all connections at intervals, and knows how late each look is.
import type { Clock } from '../clock.js';

/**
 * @param late The time, in ms, by which the look is late, because the process was stopped or busy.
 * @param fair False if the look is so late that neither we nor the clients had time to read: then no connection may be
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
