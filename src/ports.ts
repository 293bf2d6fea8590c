// The small interfaces by which acceptor, workers and broker know each other; src/daemon.ts joins them.
import type { EventRun } from './protocol/events.js';
import type { IpcError } from './protocol/errors.js';

/** Where commands come from: one connection's line of them, on main. */
export interface Origin {
  readonly connectionId: number;
  /** Takes response frames, whole and in order. */
  respond(frames: Uint8Array): void;
  /** Takes back, from the last to the first, those of its commands that their lane has not begun. */
  recall(): void;
  /** Others find no room in the lane: it keeps its first command there, and more only as answers come. */
  makeRoom(): void;
}

/** A command from its frame until its answer. A lane calls exactly one of the methods, once. */
export interface Job {
  readonly origin: Origin;
  /**
   * The frame's payload; kept until the answer is in, so that another lane can run what one did not begin. A lane
   * may put a copy in memory that it shares in its place.
   */
  payload: Uint8Array;
  /** The lane's marks on it. */
  slot: number;
  sequence: number;
  /** Its response has been given to its origin. */
  answered(): void;
  /** It is a Subscribe, of which the lane has made an `EventFilter`, as JSON. Main performs it. */
  subscribe(filter: string): void;
  unsubscribe(): void;
  /** It began and has no answer: its client is told why. */
  failed(error: IpcError): void;
}

/** Something that runs commands: of one connection in order, of several side by side. */
export interface Lane {
  readonly id: number;
  /** Takes a command; false when the lane is full or no longer takes any. */
  offer(job: Job): boolean;
  /** Takes a command back; false when the lane has begun it. */
  recall(job: Job): boolean;
}

/** The lanes as the dispatcher sees them. */
export interface Lanes {
  /** The least loaded lane that answers and has room, if there is one now. */
  pick(): Lane | undefined;
  /** Why no lane will take commands soon; undefined when waiting for one is worth it. */
  readonly down: IpcError | undefined;
}

/** Takes one publisher's turn of events; gives back its credit by `release` as they leave the mailbox. */
export type AcceptEvents = (runs: readonly EventRun[], release: (bytes: number) => void) => void;
