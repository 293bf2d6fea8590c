// The small interfaces by which acceptor, workers and broker know each other; src/daemon.ts joins them.
import type { EventRun } from './protocol/events.js';
import type { IpcError } from './protocol/errors.js';

/** Where commands come from: the pipeline of one connection, on the main thread. */
export interface Origin {
  readonly connectionId: number;
  /** Takes whole response frames, in order. Never throws. */
  respond(frames: Uint8Array): void;
  /** Takes back, from the last to the first, the commands that their lane has not begun. */
  recall(): void;
  /** Others need the lane's capacity: the origin keeps its first command there, and gets more only as answers come. */
  yieldCapacity(): void;
}

/** A command from its frame until its answer. A lane calls exactly one of the methods, once; none of them throws. */
export interface Job {
  readonly origin: Origin;
  /**
   * The frame's payload. It is kept until the answer is in, so that another lane can run a command that this lane
   * did not begin. A lane may replace it by a copy in memory that it shares.
   */
  payload: Uint8Array;
  /** For the lane's own use. */
  slot: number;
  sequence: number;
  /** Its response has been given to its origin. */
  answered(): void;
  /** It is a Subscribe; `filter` is its `EventFilter` as JSON. The main thread performs it. */
  subscribe(filter: string): void;
  unsubscribe(): void;
  /** It was begun and has no answer: its client is told why. */
  failed(error: IpcError): void;
}

/** Something that runs commands: those of one connection in order, those of several side by side. */
export interface Lane {
  readonly id: number;
  /** Takes a command; false when the lane is full or no longer takes any. */
  offer(job: Job): boolean;
  /** Gives a command back; false when the lane has begun it. */
  recall(job: Job): boolean;
}

/** The lanes as the dispatcher sees them. */
export interface Lanes {
  /** The least loaded lane that answers and has capacity, if there is one now. */
  pick(): Lane | undefined;
  /** Why no lane will take commands soon; undefined when waiting for one is worth it. */
  readonly down: IpcError | undefined;
}

/** Takes one publisher's turn of events; gives its credit back by `release` as they leave the mailbox. */
export type AcceptEvents = (runs: readonly EventRun[], release: (bytes: number) => void) => void;
