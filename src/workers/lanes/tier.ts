// A tier of isolation: how the lanes of a daemon are started, and the daemon's view of them.
import type { ResourceLimits } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { Clock } from '../../clock.js';
import type { Publish } from '../../define.js';
import type { Tell } from '../../telemetry/diagnostics.js';
import type { AcceptEvents, Lanes } from '../../ports.js';
import type { ServiceLink } from '../link/messages.js';
import type { RefusedEvents } from '../run/refused-events.js';
import type { LaneStats } from './pooled-lane.js';
import type { ThreadLog } from './thread-log.js';

/** As of Node's Worker. */
export interface ThreadOptions {
  readonly resourceLimits?: ResourceLimits;
  readonly execArgv?: string[];
  readonly argv?: string[];
  readonly env?: Record<string, string>;
}

export interface TierSettings {
  /** The daemon's `socketPath`. */
  readonly daemon: string;
  /** URL of the commands module. */
  readonly module: string;
  readonly workerData: unknown;
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly commandTimeout: number;
  /** Commands that lanes of another tier run. */
  readonly elsewhere: readonly string[];
  readonly unresponsiveAfter: number;
  readonly thread: ThreadOptions;
  /** A descriptor for the log lines of threads; without it, they go through `log`. */
  readonly logFd?: number | undefined;
  readonly maxMessageSize: number;
  readonly refused: RefusedEvents;
  /** Bytes of resident memory that a lane in a process may hold. */
  readonly maxMemory: number;
  readonly log: Logger;
  readonly tell: Tell;
  /** Whether lanes measure the delay of their loops. */
  readonly measureLoops: boolean;
  readonly threadLog: ThreadLog;
  readonly clock: Clock;
  /** Main's own publisher. */
  readonly publish: Publish;
  /** Hands the broker now what it has published in this turn. */
  readonly flushEvents: () => void;
  /** A port to the service for one lane, or the reason why there is no port. */
  readonly connectService: () => ServiceLink;
  /** Calls back when there is another service, or none: every lane connects anew. */
  readonly onServiceChanged: (listener: () => void) => void;
  readonly onEvents: AcceptEvents;
  readonly onCapacity: () => void;
  /** Gives the start up. */
  readonly signal: AbortSignal;
}

export interface Tier {
  readonly lanes: Lanes;
  readonly stats: () => { lanes: readonly LaneStats[]; laneDeaths: number; stuckThreads: number };
  /** Ends the lanes at once; their commands fail. */
  readonly close: () => void;
  /** After `close`: resolves when no lane runs any more; never if a thread is stuck in a system call. */
  readonly gone: () => Promise<unknown>;
}
