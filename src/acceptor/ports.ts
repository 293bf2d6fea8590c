// The acceptor's view of the writer and the broker.
import type { Socket } from 'node:net';
import type { EventFilter } from '../protocol/events.js';

/** The one writer of a connection. */
export interface ResponseWriter {
  respond(frames: Uint8Array): void;
  /** Whether the bound of waiting response bytes is reached. */
  readonly congested: boolean;
  /** A command has come in: after a fresh Subscribe, events are held back for its answer. */
  commandReceived(): void;
  /** Bytes of responses that have not left. */
  readonly responseBytes: number;
  /** Bytes that the writer holds and that have not left. */
  readonly queuedBytes: number;
  /** The time, in ms, for which the current chunk has waited to leave; 0 if there is no chunk. */
  readonly stalledFor: number;
  /** Sends what waits, then ends the stream. */
  finish(): void;
  destroy(): void;
}

/** The reports of a writer to its pipeline. */
export interface WriterHooks {
  /** Responses have drained below the bound at which commands stop. */
  onResponsesDrained(): void;
  /** Everything was sent and the stream ended, or sending failed. Once. */
  onFinished(): void;
  /** The client's subscription drops events from now on, or has drained and no longer does. */
  onBehind(behind: boolean): void;
  /** The client does not keep up with its events, and its connection is to end for it. */
  onCut(): void;
  /** The bytes that the writer holds have grown or shrunk. */
  onBytes(delta: number): void;
}

/** Makes the writer of a socket. */
export type CreateWriter<W extends ResponseWriter> = (socket: Socket, hooks: WriterHooks) => W;

/** The broker's part that commands reach. */
export interface Subscriptions<W extends ResponseWriter> {
  subscribe(writer: W, filter: EventFilter, success: Uint8Array): void;
  unsubscribe(writer: W, success: Uint8Array): void;
  /** The connection is gone. */
  remove(writer: W): void;
}
