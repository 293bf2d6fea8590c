// For how long a frame has been under way; the time in which nothing was read does not count.
import type { Clock } from '../clock.js';

export class FrameClock {
  readonly #clock: Clock;
  /** When the frame under way began, moved on by the time that does not count; undefined between frames. */
  #began: number | undefined;
  #pausedAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** For how long, in ms, the frame has been under way; 0 between frames and while nothing is read. */
  get age(): number {
    return this.#began === undefined || this.#pausedAt !== undefined ? 0 : this.#clock.now() - this.#began;
  }

  /** A frame is under way. */
  begin(): void {
    this.#began ??= this.#clock.now();
  }

  /** No frame is under way. */
  end(): void {
    this.#began = undefined;
  }

  /** From now on nothing is read. */
  pause(): void {
    this.#pausedAt ??= this.#clock.now();
  }

  /** From now on the connection is read. */
  resume(): void {
    if (this.#pausedAt === undefined) return;
    if (this.#began !== undefined) this.#began += this.#clock.now() - Math.max(this.#pausedAt, this.#began);
    this.#pausedAt = undefined;
  }

  /** For the last `ms` milliseconds nothing was read, because the process was stopped or busy. */
  excuse(ms: number): void {
    if (this.#began === undefined || this.#pausedAt !== undefined) return;
    this.#began = Math.min(this.#clock.now(), this.#began + ms);
  }
}
