// Timers by name: at most one of each.
import type { Clock } from '../../../clock.js';

export class Timers<Name extends string> {
  readonly #clock: Clock;
  readonly #due: (name: Name) => void;
  readonly #set = new Map<Name, { readonly at: number; readonly cancel: () => void }>();

  constructor(clock: Clock, due: (name: Name) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  /** Sets a timer, in ms, in the place of one of the same name. */
  set(name: Name, ms: number): void {
    this.cancel(name);
    const cancel = this.#clock.after(ms, () => {
      this.#set.delete(name);
      this.#due(name);
    });
    this.#set.set(name, { at: this.#clock.now() + ms, cancel });
  }

  /** How long, in ms, until a timer is due; undefined if it is not set. */
  left(name: Name): number | undefined {
    const set = this.#set.get(name);
    return set && Math.max(0, set.at - this.#clock.now());
  }

  cancel(name: Name): void {
    this.#set.get(name)?.cancel();
    this.#set.delete(name);
  }

  clear(): void {
    for (const { cancel } of this.#set.values()) cancel();
    this.#set.clear();
  }
}
