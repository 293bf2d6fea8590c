// How many lines an app may have kept in a second.
import { countLines } from './log-facts.js';

export class Allowance {
  #second = 0;
  #used = 0;
  #left = 0;
  #most = 0;

  /** How many lines were left out and are not told yet. */
  get left(): number {
    return this.#left;
  }

  /** How many were allowed in a second when they were left out. */
  get most(): number {
    return this.#most;
  }

  /** Whether a second is over in which lines were left out that are not told yet. */
  get isDue(): boolean {
    return this.#left > 0 && this.#second !== thisSecond();
  }

  /** What was left out is told. */
  told(): void {
    this.#left = 0;
  }

  /** The part of the text that is kept; empty for nothing. */
  take(text: string, most: number): string {
    const second = thisSecond();
    if (second !== this.#second) {
      this.#second = second;
      this.#used = 0;
    }
    this.#most = most;
    let end = 0;
    while (this.#used < most && end < text.length) {
      const newline = text.indexOf('\n', end);
      if (newline < 0) {
        end = text.length;
        break;
      }
      this.#used += 1;
      end = newline + 1;
    }
    this.#left += countLines(text.slice(end));
    return text.slice(0, end);
  }
}

const thisSecond = (): number => Math.floor(Date.now() / 1000);
