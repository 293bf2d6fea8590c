// The messages between main and a worker thread: its task, and its messages back.
import type { MessagePort } from 'node:worker_threads';
import type { LoopDelay } from '../../telemetry/loop-delay.js';
import type { PackedEvents } from './event-packer.js';
import type { LogSettings } from './log.js';
import type { Port } from './port.js';

/**
 * A one-way message from a thread to main. Answers alone, which are most messages, travel as the bare buffer, since
 * an object around it costs a lone request 1 to 2 µs.
 */
export type ThreadMessage = ArrayBuffer | ThreadNews;

/** In one message, events were published before its answers. */
export interface ThreadNews {
  /** The thread has loaded the embedder's module. */
  readonly ready?: true;
  readonly answers?: ArrayBuffer;
  readonly events?: PackedEvents;
  /** A line of the thread's logger. */
  readonly log?: string;
  /** The number of log lines that were lost before this message. */
  readonly linesLost?: number;
  /** Events that `publish()` has refused since the last message. */
  readonly refused?: number;
  /** The lane has taken a batch in, and main waits to be told of it. */
  readonly tookBatch?: true;
  /** The delay of the lane's loop, at most once a second. */
  readonly loopDelay?: LoopDelay;
}

/** The news in a message from a thread. */
export function newsOf(message: ThreadMessage): ThreadNews {
  return message instanceof ArrayBuffer ? { answers: message } : message;
}

/** A port to the service, or the reason why there is none now. */
export type ServiceLink = MessagePort | string;

/** The part of a task that every thread gets. */
export interface ThreadStart {
  /** The daemon's `socketPath`. */
  readonly daemon: string;
  readonly name: string;
  /** URL of the embedder's module. */
  readonly module: string;
  readonly workerData: unknown;
  /** Comlink calls from main. */
  readonly calls: Port;
  /** Messages to main. */
  readonly out: Port;
  readonly memory: SharedArrayBuffer;
  readonly log: LogSettings;
  readonly maxMessageSize: number;
  /** See `RefusedEvents`. */
  readonly refused: SharedArrayBuffer;
}

export interface LaneStart extends ThreadStart {
  readonly role: 'lane';
  readonly commandTimeout: number;
  /** Commands that lanes of another tier run. */
  readonly elsewhere: readonly string[];
  readonly measureLoops: boolean;
}

export interface ServiceStart extends ThreadStart {
  readonly role: 'service';
  /** Calls to the host's functions on main. */
  readonly host: Port | string;
}
