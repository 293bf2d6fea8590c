// What a worker thread is given: by main when it starts, and by what all threads have in common.
import type { MessagePort } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { Publish } from '../../define.js';
import type { FunctionTable } from './closed-port.js';
import type { Outbox } from './outbox.js';
import type { SharedState } from './claims.js';
import type { LogSettings } from './log.js';

/** What every thread is started with. */
export interface ThreadStart {
  readonly name: string;
  /** URL of the embedder's module. */
  readonly module: string;
  readonly workerData: unknown;
  /** Comlink calls from main. */
  readonly calls: MessagePort;
  /** One-way messages to main. */
  readonly out: MessagePort;
  readonly memory: SharedArrayBuffer;
  readonly log: LogSettings;
  readonly maxMessageSize: number;
}

export interface LaneStart extends ThreadStart {
  readonly role: 'lane';
  readonly service: MessagePort | undefined;
  readonly commandTimeout: number;
}

export interface ServiceStart extends ThreadStart {
  readonly role: 'service';
  /** Calls to the host's functions on main. */
  readonly host: MessagePort | undefined;
}

/** What every thread has. */
export interface Thread {
  readonly shared: SharedState;
  readonly outbox: Outbox;
  /** What the set-up of an embedder's module is given in any thread. */
  readonly setup: { readonly workerData: unknown; readonly publish: Publish; readonly log: Logger };
}

/** Loads the embedder's module; resolves with the functions that main may call. */
export type SetUp<S extends ThreadStart> = (start: S, thread: Thread) => Promise<FunctionTable>;
