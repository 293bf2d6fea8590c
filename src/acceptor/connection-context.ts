// The things that all connections share, and their reports.
import type { Clock } from '../clock.js';
import type { Dispatcher } from './dispatcher.js';
import type { CreateWriter, ResponseWriter } from './ports.js';

/** Bounds of one connection, in bytes, commands and milliseconds. */
export interface ConnectionLimits {
  readonly maxMessageSize: number;
  readonly maxInFlight: number;
  readonly frameTimeout: number;
}

export interface ConnectionContext<W extends ResponseWriter> {
  readonly limits: ConnectionLimits;
  readonly clock: Clock;
  readonly dispatcher: Dispatcher<W>;
  readonly createWriter: CreateWriter<W>;
  /** @param cut Whether it was cut before everything was answered and sent; a client that is gone was not. */
  onClosed(connectionId: number, cut: boolean): void;
  /** The received bytes that connections hold have grown or shrunk. */
  onReceivedBytes(delta: number): void;
  /** The bytes that wait to be sent have grown or shrunk. */
  onQueuedBytes(delta: number): void;
  /** Something in the daemon threw; the client is not to blame. */
  onFault(error: unknown, connectionId: number): void;
}
