// How many lines an app may have kept in a second.
import { countLines } from './log-facts.js';

export class Allowance {
  #second = 0;
  #used = 0;
  #left = 0;

  /** The part of the text that is kept, and what is to be told before it; empty for nothing. */
  take(text: string, most: number): { readonly text: string; readonly told: string } {
    const second = Math.floor(Date.now() / 1000);
    let told = '';
    if (second !== this.#second) {
      if (this.#left > 0)
        told = `${this.#left} lines were left out here: the app may print ${most} lines a second`;
      this.#second = second;
      this.#used = this.#left = 0;
    }
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
    return { text: text.slice(0, end), told };
  }
}
