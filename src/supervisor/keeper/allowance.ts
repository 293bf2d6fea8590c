// How many lines an app may have kept in a second. Each line is kept or left out as a whole, and counts once, when it begins.
import type { Stream } from '../state/paths.js';

export class Allowance {
  #second = 0;
  #used = 0;
  #left = 0;
  #most = 0;
  /** What becomes of the rest of the line that a stream has begun; undefined where a line begins next. */
  readonly #begun: Record<Stream, 'kept' | 'left out' | undefined> = { stdout: undefined, stderr: undefined };

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

  /** The log has told of the lines that were left out. */
  told(): void {
    this.#left = 0;
  }

  /** The stream has a line that was kept and has no end yet. */
  resume(stream: Stream): void {
    this.#begun[stream] = 'kept';
  }

  /** Both streams begin a line next. */
  newRun(): void {
    this.#begun.stdout = this.#begun.stderr = undefined;
  }

  /**
   * The part of the text that is kept; empty for nothing.
   *
   * @param most How many lines may begin in a second; 0 for any number.
   */
  take(stream: Stream, text: string, most: number): string {
    const second = thisSecond();
    if (second !== this.#second) {
      this.#second = second;
      this.#used = 0;
    }
    let kept = '';
    for (let at = 0; at < text.length;) {
      if (most === 0 && this.#begun[stream] !== 'left out') {
        this.#begun[stream] = text.endsWith('\n') ? undefined : 'kept';
        return text.slice(at);
      }
      this.#begun[stream] ??= this.#begin(most);
      const newline = text.indexOf('\n', at);
      const end = newline < 0 ? text.length : newline + 1;
      if (this.#begun[stream] === 'kept') kept += text.slice(at, end);
      if (newline >= 0) this.#begun[stream] = undefined;
      at = end;
    }
    return kept;
  }

  /** Counts a line that begins. */
  #begin(most: number): 'kept' | 'left out' {
    if (this.#used < most) {
      this.#used += 1;
      return 'kept';
    }
    this.#most = most;
    this.#left += 1;
    return 'left out';
  }
}

const thisSecond = (): number => Math.floor(Date.now() / 1000);
