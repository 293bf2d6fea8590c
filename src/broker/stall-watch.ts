// The clocks of the subscribers for which the flow waits: the time that others have waited because of them, and the total time.
import type { Clock } from '../clock.js';
import type { Writer } from '../writer/writer.js';

/** The time, in ms, that the flow waits for a subscriber if no other subscriber has to wait. */
export const WAIT_ALONE = 1000;

export class StallWatch {
  readonly #clock: Clock;
  readonly #grace: number;
  readonly #every: number;
  readonly #onFlow: () => void;
  #blockers: readonly Writer[] = [];
  #recipients: () => Iterable<Writer> = () => [];
  #cancel: (() => void) | undefined;
  #lookedAt = 0;

  /** @param onFlow Called when the flow no longer waits for a subscriber. */
  constructor(clock: Clock, grace: number, onFlow: () => void) {
    this.#clock = clock;
    this.#grace = grace;
    this.#every = Math.max(1, Math.min(25, grace / 10));
    this.#onFlow = onFlow;
  }

  /** Whether the flow waits. */
  get active(): boolean {
    return this.#cancel !== undefined;
  }

  /** The flow waits for `blockers`, with events for `recipients`. The blockers' clocks run until {@link stop}. */
  wait(blockers: readonly Writer[], recipients: () => Iterable<Writer>): void {
    this.#blockers = blockers;
    this.#recipients = recipients;
    if (!this.#cancel) this.#schedule();
  }

  /** The flow goes on. The clocks keep their time until their subscribers have drained. */
  stop(): void {
    if (!this.#cancel) return;
    this.#cancel();
    this.#cancel = undefined;
    const blockers = this.#blockers;
    this.#blockers = [];
    this.#advance(blockers, this.#passed());
  }

  #schedule(): void {
    this.#lookedAt = this.#clock.now();
    this.#cancel = this.#clock.after(this.#every, () => this.#look());
  }

  #look(): void {
    const passed = this.#passed();
    this.#schedule();
    this.#advance(this.#blockers, passed);
    const lost = this.#blockers.filter(
      ({ stall }) => stall.grace >= this.#grace || stall.total >= Math.max(WAIT_ALONE, this.#grace),
    );
    if (lost.length === 0) return;
    for (const writer of lost) writer.fallBehind();
    this.#onFlow();
  }

  /** Milliseconds since the last look. A late look means that this loop was late, so at most the time of two looks counts. */
  #passed(): number {
    return Math.min(this.#clock.now() - this.#lookedAt, 2 * this.#every);
  }

  #advance(blockers: readonly Writer[], passed: number): void {
    for (const writer of blockers) {
      if (!writer.blocking) continue;
      writer.stall.total += passed;
      if (this.#othersWait(writer)) writer.stall.grace += passed;
    }
  }

  #othersWait(blocker: Writer): boolean {
    for (const writer of this.#recipients()) {
      if (writer !== blocker && !writer.behind && writer.drained) return true;
    }
    return false;
  }
}
