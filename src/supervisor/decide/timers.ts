// Timers by name: at most one of each.
import type { Clock } from '../../clock.js';

export class Timers<Name extends string> {
  readonly #clock: Clock;
  readonly #due: (name: Name) => void;
  readonly #cancels = new Map<Name, () => void>();

  constructor(clock: Clock, due: (name: Name) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  /** Sets a timer, in ms, in the place of one of the same name. */
  set(name: Name, ms: number): void {
    this.cancel(name);
    this.#cancels.set(
      name,
      this.#clock.after(ms, () => {
        this.#cancels.delete(name);
        this.#due(name);
      }),
    );
  }

  cancel(name: Name): void {
    this.#cancels.get(name)?.();
    this.#cancels.delete(name);
  }

  clear(): void {
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }
}
