// Judges from a counter that a lane advances whether its loop turns: late, then dead. A pure state machine.

/** A lane whose loop has not turned for this many ms gets no new commands. */
const LATE_AFTER = 100;

/** `ask`: make the lane advance its counter. `dead`: it has not done so for too long. */
export type Verdict = 'ask' | 'dead' | 'wait';

export class Watchdog {
  readonly #unresponsiveAfter: number;
  readonly #beats: () => number;
  #seen: number;
  #silent = 0;
  #asking = false;

  constructor(unresponsiveAfter: number, beats: () => number) {
    this.#unresponsiveAfter = unresponsiveAfter;
    this.#beats = beats;
    this.#seen = beats();
  }

  /** Whether the loop has not turned for a while although it was asked to. */
  get late(): boolean {
    return this.#asking && this.#silent >= LATE_AFTER;
  }

  /** Whether the lane was asked and has not answered. */
  get asking(): boolean {
    return this.#asking;
  }

  /** Whether the loop has turned since the last look. */
  get turned(): boolean {
    return this.#beats() !== this.#seen;
  }

  /** The time, in ms, in which the loop has not turned. */
  get silent(): number {
    return this.#silent;
  }

  /**
   * Looks at the counter.
   *
   * @param elapsed Milliseconds since the last look in which main's own loop turned. Time in which main itself was
   *   late says nothing about the lane.
   * @param working Whether the lane has commands: an idle one is not asked, and so is not woken.
   */
  look(elapsed: number, working: boolean): Verdict {
    const beats = this.#beats();
    if (beats !== this.#seen) {
      this.#seen = beats;
      this.#silent = 0;
      this.#asking = false;
      return 'wait';
    }
    if (!working && !this.#asking) {
      this.#silent = 0;
      return 'wait';
    }
    this.#silent += elapsed;
    if (!this.#asking) {
      this.#asking = true;
      return 'ask';
    }
    return this.#silent >= this.#unresponsiveAfter ? 'dead' : 'wait';
  }
}
