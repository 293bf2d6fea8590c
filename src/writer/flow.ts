// Whether the flow waits for one subscriber: from its high-water mark to its low-water mark, unless it is behind. Pure.

/** Bounds of a subscriber's queue, in bytes. */
export interface FlowMarks {
  /** At which the flow waits for it, */
  readonly highWater: number;
  /** and below which the flow goes on. */
  readonly lowWater: number;
}

export class Flow {
  readonly #marks: FlowMarks;
  #full = false;
  #behind = false;
  /** How long, in ms, the flow has waited for it while others were drained; and in all. The broker's to advance. */
  readonly stall = { grace: 0, total: 0 };

  constructor(marks: FlowMarks) {
    this.#marks = marks;
  }

  /** Whether the flow waits for it. */
  get waits(): boolean {
    return this.#full && !this.#behind;
  }

  /** Whether it drops instead of being waited for. */
  get behind(): boolean {
    return this.#behind;
  }

  /** Whether so few bytes wait that it keeps up. */
  isDrained(bytes: number): boolean {
    return bytes < this.#marks.lowWater;
  }

  /** So many bytes wait after one chunk more; true when it is at its high-water mark. */
  grown(bytes: number): boolean {
    if (this.#behind || bytes < this.#marks.highWater) return false;
    this.#full = true;
    return true;
  }

  /** So many bytes wait after some have left; true when it was waited for or behind, and is no longer. */
  shrunk(bytes: number): boolean {
    if (!this.isDrained(bytes)) return false;
    this.stall.grace = 0;
    this.stall.total = 0;
    if (!this.#full && !this.#behind) return false;
    this.#full = false;
    this.#behind = false;
    return true;
  }

  /** It is waited for no longer, until it has drained. */
  fallBehind(): void {
    this.#behind = true;
  }
}
