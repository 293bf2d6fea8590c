// Whether the flow of events waits for one subscriber: from the high-water mark to the low-water mark, unless it is behind. Pure.

/** Bounds of a subscriber's queue, in bytes. */
export interface FlowMarks {
  /** The flow waits for the subscriber from here on, */
  readonly highWater: number;
  /** and goes on below this. */
  readonly lowWater: number;
}

export class Flow {
  readonly #marks: FlowMarks;
  #full = false;
  #behind = false;
  /**
   * How long, in ms, the flow has waited for the subscriber: `grace` counts the time in which others were drained and
   * waited too, `total` all of it. The broker advances both.
   */
  readonly stall = { grace: 0, total: 0 };

  constructor(marks: FlowMarks) {
    this.#marks = marks;
  }

  /** Whether the flow waits for the subscriber. */
  get waits(): boolean {
    return this.#full && !this.#behind;
  }

  /** Whether the subscriber drops events, so that the flow need not wait. */
  get behind(): boolean {
    return this.#behind;
  }

  /** Whether the subscriber keeps up with `bytes` that wait. */
  isDrained(bytes: number): boolean {
    return bytes < this.#marks.lowWater;
  }

  /** The queue has grown to `bytes`. Returns whether it is at its high-water mark. */
  grown(bytes: number): boolean {
    if (this.#behind || bytes < this.#marks.highWater) return false;
    this.#full = true;
    return true;
  }

  /** The queue has shrunk to `bytes`. Returns whether the subscriber was full or behind, and no longer is. */
  shrunk(bytes: number): boolean {
    if (!this.isDrained(bytes)) return false;
    this.stall.grace = 0;
    this.stall.total = 0;
    if (!this.#full && !this.#behind) return false;
    this.#full = false;
    this.#behind = false;
    return true;
  }

  /** The flow stops waiting for the subscriber, until it has drained. */
  fallBehind(): void {
    this.#behind = true;
  }
}
