// The events of the main thread, in order. The supervisor asks for them, and may die in between.
import type { HostNotice } from '../model/host-functions.js';

type NewNotice = Omit<Extract<HostNotice, { type: 'exited' }>, 'sequence'> | { readonly type: 'shutdown' };

/** Kept for a slow supervisor. One that starts anew reads the inventory, which holds all of them. */
const KEPT = 10_000;

export class Notices {
  #notices: HostNotice[] = [];
  #sequence = 0;
  #wake: (() => void) | undefined;

  tell(notice: NewNotice): void {
    this.#sequence += 1;
    this.#notices.push({ ...notice, sequence: this.#sequence });
    if (this.#notices.length > KEPT) this.#notices.shift();
    this.#wake?.();
  }

  /** Forgets what a new supervisor learns from the inventory; returns the number of the notice after which it goes on. */
  restart(): number {
    this.#notices = this.#notices.filter(({ type }) => type === 'shutdown');
    return (this.#notices[0]?.sequence ?? this.#sequence + 1) - 1;
  }

  /** Resolves with the notices after `sequence` once there are any. Earlier ones are forgotten. Only one call waits at a time. */
  async after(sequence: number): Promise<readonly HostNotice[]> {
    this.#notices = this.#notices.filter((notice) => notice.sequence > sequence);
    if (this.#notices.length > 0) return this.#notices;
    this.#wake?.();
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve(this.#notices);
      };
    });
  }
}
