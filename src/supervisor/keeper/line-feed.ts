// Sends what was written to the supervisor, which makes events of it. Each app has a budget; what is beyond it is counted.
import type { Written } from '../model/keeper-messages.js';
import { countLines } from './log-facts.js';

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
  /** It is forgotten when what was skipped is told. */
  ended: boolean;
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

  take(written: Omit<Written, 'skipped'>): void {
    const budget = this.#budgetOf(written.id);
    const target = this.#target;
    if (target?.ready() !== true || budget.left < written.text.length) {
      this.skip(written.id, countLines(written.text));
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

  /** The app has ended its output. What was skipped of it is still told. */
  forget(id: string): void {
    const budget = this.#budgets.get(id);
    if (budget === undefined || budget.skipped === 0) this.#budgets.delete(id);
    else budget.ended = true;
  }

  #budgetOf(id: string): Budget {
    const now = performance.now();
    const budget = this.#budgets.get(id) ?? { left: BURST, at: now, skipped: 0, ended: false };
    this.#budgets.set(id, budget);
    budget.ended = false;
    budget.left = Math.min(BURST, budget.left + ((now - budget.at) / 1000) * PER_SECOND);
    budget.at = now;
    return budget;
  }

  #tellSoon(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
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
      if (budget.ended) this.#budgets.delete(id);
    }
  }
}
