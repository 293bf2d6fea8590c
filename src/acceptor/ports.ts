// What the acceptor needs of the other rooms.
import type { EventFilter } from '../protocol/events.js';

/** The one writer of a connection. */
export interface ResponseWriter {
  respond(frames: Uint8Array): void;
  /** Whether as many response bytes wait as may. */
  readonly congested: boolean;
  /** A command has come in: events are held back for its answer if a subscription is fresh. */
  commandReceived(): void;
  /** Bytes it holds that have not left. */
  readonly queuedBytes: number;
  /** For how long, in ms, what it is sending has not left; 0 when it sends nothing. */
  readonly stalledFor: number;
  /** Sends what waits, then ends the stream. */
  finish(): void;
  destroy(): void;
}

/** The broker's part that commands reach. */
export interface Subscriptions<W extends ResponseWriter> {
  subscribe(writer: W, filter: EventFilter, success: Uint8Array): void;
  unsubscribe(writer: W, success: Uint8Array): void;
  remove(writer: W): void;
}
