// Sends what was written to the supervisor, which makes events of it. Each app has a budget; what is beyond it is counted.
import type { Written } from '../model/keeper-messages.js';

/** How many bytes of an app are sent at once, and in each second. */
const BURST = 8 * 1024 * 1024;
const PER_SECOND = 2 * 1024 * 1024;
/** How long, in ms, a count may wait for text to go with. */
const TELL_WITHIN = 250;

/** Where written text is sent to. */
export interface FeedTarget {
  /** Whether it has read what it was sent before. */
  readonly ready: () => boolean;
  readonly send: (written: Written) => void;
}

interface Budget {
  left: number;
  at: number;
  skipped: number;
}

export class LineFeed {
  readonly #budgets = new Map<string, Budget>();
  #target: FeedTarget | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** The one that is sent to from now on; undefined for nobody. */
  set target(target: FeedTarget | undefined) {
    this.#target = target;
    if (target !== undefined) this.#tellSoon();
  }

  get target(): FeedTarget | undefined {
    return this.#target;
  }

  take(written: Omit<Written, 'skipped'>): void {
    const budget = this.#budgetOf(written.id);
    const target = this.#target;
    if (target?.ready() !== true || budget.left < written.text.length) {
      this.skip(written.id, newlines(written.text));
      return;
    }
    budget.left -= written.text.length;
    target.send({ ...written, skipped: budget.skipped });
    budget.skipped = 0;
  }

  /** Lines that are in no text: they were not written, or not sent. */
  skip(id: string, lines: number): void {
    this.#budgetOf(id).skipped += lines;
    this.#tellSoon();
  }

  forget(id: string): void {
    this.#budgets.delete(id);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #budgetOf(id: string): Budget {
    const now = performance.now();
    const budget = this.#budgets.get(id) ?? { left: BURST, at: now, skipped: 0 };
    this.#budgets.set(id, budget);
    budget.left = Math.min(BURST, budget.left + ((now - budget.at) / 1000) * PER_SECOND);
    budget.at = now;
    return budget;
  }

  #tellSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tell();
    }, TELL_WITHIN).unref();
  }

  #tell(): void {
    for (const [id, budget] of this.#budgets) {
      if (budget.skipped === 0) continue;
      if (this.#target?.ready() !== true) {
        if (this.#target !== undefined) this.#tellSoon();
        return;
      }
      const nothing = { stream: null, text: '', end: 0, generation: 0 };
      this.#target.send({ id, ...nothing, skipped: budget.skipped });
      budget.skipped = 0;
    }
  }
}

function newlines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
