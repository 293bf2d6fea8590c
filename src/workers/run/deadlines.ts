// Deadlines that are all equally far away, with one timer for all of them.
import type { Clock } from '../../clock.js';

/** Items in the order in which they were added, each due `after` ms later. */
export class Deadlines<T> {
  readonly #clock: Clock;
  readonly #after: number;
  readonly #due: (item: T) => void;
  // A Map iterates in insertion order, which is the order of the deadlines.
  readonly #items = new Map<T, number>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, after: number, due: (item: T) => void) {
    this.#clock = clock;
    this.#after = after;
    this.#due = due;
  }

  add(item: T): void {
    this.#items.set(item, this.#clock.now() + this.#after);
    this.#arm();
  }

  delete(item: T): void {
    this.#items.delete(item);
  }

  #arm(): void {
    if (this.#cancel) return;
    const first = this.#items.values().next();
    if (first.done) return;
    // The timer stays when its item is deleted: the next deadline is later, and the timer is set again then.
    this.#cancel = this.#clock.after(Math.max(1, first.value - this.#clock.now()), () => {
      this.#cancel = undefined;
      const now = this.#clock.now();
      for (const [item, at] of this.#items) {
        if (at > now) break;
        this.#items.delete(item);
        this.#due(item);
      }
      this.#arm();
    });
  }
}
