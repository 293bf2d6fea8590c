// The context of a pipeline: the things that all pipelines share, and the connection that it reports to.
import type { Tell } from '../telemetry/diagnostics.js';
import type { Lanes } from '../ports.js';
import type { ResponseWriter, Subscriptions } from './ports.js';

/** Something that has commands for a lane and tries again when asked to. Never throws. */
export interface WaitsForLane {
  pump(): void;
}

/** The things that the pipelines of all connections share. */
export interface PipelineContext<W extends ResponseWriter> {
  readonly lanes: Lanes;
  readonly subscriptions: Subscriptions<W>;
  readonly counters: CommandCounters;
  readonly tell: Tell;
  /** Counts a command that is answered with an error of the daemon's own. */
  countFailed(pipeline: { readonly connectionId: number }, timedOut: boolean): void;
  /** Calls `pump` once a lane has free capacity, or none will have. */
  waitForLane(pipeline: WaitsForLane): void;
  /** The pipeline is closed and has stopped waiting. */
  forget(pipeline: WaitsForLane): void;
}

/** The reports of a pipeline to its connection. */
export interface PipelineOwner {
  /** The pipeline may hold fewer commands than before, and may take more. */
  onProgress(): void;
  /** Everything was sent and the stream ended, or sending failed. */
  onFinished(): void;
  /** The client does not keep up with its events, and is to be told so and cut. */
  onCut(): void;
  /** The bytes that wait to be sent have grown or shrunk. */
  onQueuedBytes(delta: number): void;
  /** Something in the daemon threw; the connection cannot go on. Never throws itself. */
  onFault(error: unknown): void;
}

/** Commands, counted since the daemon's start. */
export interface CommandCounters {
  /** Commands that came in. */
  received: number;
  /** Commands that have their answer, of whatever kind. */
  answered: number;
  /** Commands that were answered with an `Error` of the daemon's own: a deadline, a lane that died. */
  failed: number;
  /** The failed ones that ran past their deadline, `workers.commandTimeout`. */
  timedOut: number;
}
