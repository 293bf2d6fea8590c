// The messages between main and a worker thread: its task, and what it sends back.
import type { MessagePort } from 'node:worker_threads';
import type { PackedEvents } from './event-packer.js';
import type { LogSettings } from './log.js';

/** A one-way message from a thread to main. In one message, answers go before events. */
export interface ThreadMessage {
  /** The thread has loaded the embedder's module. */
  readonly ready?: true;
  readonly answers?: ArrayBuffer;
  readonly events?: PackedEvents;
  /** A line of the thread's logger. */
  readonly log?: string;
  /** The number of log lines that were lost before this message. */
  readonly linesLost?: number;
}

/** A port to the service, or the reason why there is none now. */
export type ServiceLink = MessagePort | string;

/** The part of a task that every thread gets. */
export interface ThreadStart {
  readonly name: string;
  /** URL of the embedder's module. */
  readonly module: string;
  readonly workerData: unknown;
  /** Comlink calls from main. */
  readonly calls: MessagePort;
  /** Messages to main. */
  readonly out: MessagePort;
  readonly memory: SharedArrayBuffer;
  readonly log: LogSettings;
  readonly maxMessageSize: number;
  /** See `RefusedEvents`. */
  readonly refused: SharedArrayBuffer;
}

export interface LaneStart extends ThreadStart {
  readonly role: 'lane';
  readonly service: ServiceLink;
  readonly commandTimeout: number;
}

export interface ServiceStart extends ThreadStart {
  readonly role: 'service';
  /** Calls to the host's functions on main. */
  readonly host: ServiceLink;
}
