// What happened on the main thread, in order, for a supervisor that asks for it and may die in between.
import type { Exit } from '../decide/machine.js';

/** What happened on main, in order. */
export type Fact = { readonly sequence: number } & (
  | { readonly type: 'exited'; readonly id: string; readonly pid: number; readonly exit: Exit }
  /** Stop all apps, then call `stopped`. */
  | { readonly type: 'shutdown' }
);

type NewFact = Omit<Extract<Fact, { type: 'exited' }>, 'sequence'> | { readonly type: 'shutdown' };

/** Kept for a supervisor that is slow; one that starts anew is told the truth, which has them all. */
const KEPT = 10_000;

export class Facts {
  #facts: Fact[] = [];
  #sequence = 0;
  #wake: (() => void) | undefined;

  tell(fact: NewFact): void {
    this.#sequence += 1;
    this.#facts.push({ ...fact, sequence: this.#sequence });
    if (this.#facts.length > KEPT) this.#facts.shift();
    this.#wake?.();
  }

  /** Forgets what a new supervisor learns from the truth; returns behind which fact it is to go on. */
  restart(): number {
    this.#facts = this.#facts.filter(({ type }) => type === 'shutdown');
    return (this.#facts[0]?.sequence ?? this.#sequence + 1) - 1;
  }

  /** Resolves with the facts behind `sequence` once there are any; those before are forgotten. One asks at a time. */
  async after(sequence: number): Promise<readonly Fact[]> {
    this.#facts = this.#facts.filter((fact) => fact.sequence > sequence);
    if (this.#facts.length > 0) return this.#facts;
    this.#wake?.();
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve(this.#facts);
      };
    });
  }
}
