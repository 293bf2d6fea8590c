// The small interfaces between acceptor, workers and broker; src/daemon.ts joins them.
import type { EventRun } from './protocol/events.js';
import type { IpcError } from './protocol/errors.js';

/** The source of commands: the pipeline of one connection, on the main thread. */
export interface Origin {
  readonly connectionId: number;
  /** Takes whole response frames, in order. Never throws. */
  respond(frames: Uint8Array): void;
  /** Takes back the commands that their lane has not begun, from the last to the first. */
  recall(): void;
  /** Called when others need the lane's capacity: the origin keeps its first command there, and sends another only when an answer comes. */
  yieldCapacity(): void;
}

/** A command from its frame until its answer. A lane calls exactly one of the methods, once; the methods never throw. */
export interface Job {
  readonly origin: Origin;
  /**
   * The frame's payload. It is kept until the answer has come, so that another lane can run a command that this lane
   * did not begin. A lane may replace it with a copy in shared memory.
   */
  payload: Uint8Array;
  /** For the lane's own use. */
  slot: number;
  sequence: number;
  /** The response has been given to the origin. `overran`: it tells that the command ran past its deadline. */
  answered(overran?: boolean): void;
  /** The command is a Subscribe, which the main thread performs; `filter` is its `EventFilter` as JSON. */
  subscribe(filter: string): void;
  unsubscribe(): void;
  /** The command was begun and will not get an answer: its client is told why. */
  failed(error: IpcError): void;
}

/** Runs commands: those of one connection in order, those of different connections side by side. */
export interface Lane {
  readonly id: number;
  /** Takes a command; false if the lane is full or no longer takes commands. */
  offer(job: Job): boolean;
  /** Gives a command back; false if the lane has begun it. */
  recall(job: Job): boolean;
}

/** The lanes, as far as the dispatcher needs them. */
export interface Lanes {
  /** The lanes for a command, where not all lanes take all commands. Without it, these lanes take every command. */
  readonly of?: (payload: Uint8Array) => Lanes;
  /** The least loaded lane that responds and has capacity; undefined if there is none now. */
  pick(): Lane | undefined;
  /** The reason why no lane will take commands soon; undefined if it is worth waiting for a lane. */
  readonly down: IpcError | undefined;
}

/** Takes the events of one turn of a publisher; calls `release` to return the publisher's credit as they leave the mailbox. */
export type AcceptEvents = (runs: readonly EventRun[], release: (bytes: number) => void) => void;
