// Sends what was written to the supervisor, which makes events of it. Each app has a budget; what is beyond it is counted.
import type { Written } from '../model/keeper-messages.js';
import type { Stream } from '../state/paths.js';
import { countLines } from './log-facts.js';

/** How many bytes of an app are sent at once, and in each second. */
const BURST = 8 * 1024 * 1024;
const PER_SECOND = 2 * 1024 * 1024;
/** How long, in ms, a count may wait for text to go with. */
const TELL_WITHIN = 250;

/** Where written text is sent to. */
export interface FeedTarget {
  /** Whether the target has read everything that it was sent before. */
  readonly ready: () => boolean;
  readonly send: (written: Written) => void;
}

interface Budget {
  left: number;
  at: number;
  skipped: number;
  /** The streams of which something is missing in front of their next text: perhaps a part of a line. */
  readonly gaps: Set<Stream | null>;
  /** The streams whose last text has no line end. */
  readonly midLine: Set<Stream | null>;
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
    if (target === undefined) return;
    // It does not know the beginnings that were sent to the one before.
    for (const { gaps, midLine } of this.#budgets.values()) for (const stream of midLine) gaps.add(stream);
    this.#tellSoon();
  }

  take(written: Omit<Written, 'gap' | 'skipped'>): void {
    const { id, stream, text } = written;
    const budget = this.#budgetOf(id);
    if (text.endsWith('\n')) budget.midLine.delete(stream);
    else budget.midLine.add(stream);
    const target = this.#target;
    if (target?.ready() !== true || budget.left < text.length) {
      this.skip(id, stream, countLines(text));
      return;
    }
    budget.left -= text.length;
    target.send({ ...written, gap: budget.gaps.delete(stream), skipped: budget.skipped });
    budget.skipped = 0;
  }

  /** Text is missing that was not written, or not sent; this many lines end in it. */
  skip(id: string, stream: Stream | null, lines: number): void {
    const budget = this.#budgetOf(id);
    budget.gaps.add(stream);
    budget.skipped += lines;
    this.#tellSoon();
  }

  /** The app has ended its output. What was skipped of it is still told, and a line without an end may go on in its next run. */
  forget(id: string): void {
    const budget = this.#budgets.get(id);
    if (budget === undefined) return;
    budget.ended = true;
    this.#deleteIfTold(id, budget);
  }

  #deleteIfTold(id: string, { ended, skipped, gaps, midLine }: Budget): void {
    if (ended && skipped === 0 && gaps.size === 0 && midLine.size === 0) this.#budgets.delete(id);
  }

  #budgetOf(id: string): Budget {
    const now = performance.now();
    const known = this.#budgets.get(id);
    const budget = known ?? {
      left: BURST,
      at: now,
      skipped: 0,
      gaps: new Set<Stream | null>(),
      midLine: new Set<Stream | null>(),
      ended: false,
    };
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
      const nothing = { stream: null, text: '', end: 0, generation: 0, begins: false, gap: false };
      this.#target.send({ id, ...nothing, skipped: budget.skipped });
      budget.skipped = 0;
      this.#deleteIfTold(id, budget);
    }
  }
}
