// A writer's bounds, and the interfaces through which it tells its connection of responses and the broker of events.
import type { FlowMarks } from './flow.js';

/** Which events a subscriber that is behind loses; with `disconnect`, its connection ends. */
export type WhenFull = 'drop-oldest' | 'drop-newest' | 'disconnect';

/** Bounds of a writer, in bytes and ms. */
export interface WriterLimits extends FlowMarks {
  /** Event bytes that a writer keeps while it is behind. */
  readonly queueBytes: number;
  readonly whenFull: WhenFull;
  /** Response bytes at which the connection's commands wait. */
  readonly writeHighWaterMark: number;
  /** How long events wait after Subscribe without a command; 0 for no wait. */
  readonly eventHold: number;
}

/** The reports of a writer to its connection. */
export interface WriterHooks {
  /** Responses were at their bound and have drained to half of it. */
  onResponsesDrained(): void;
  /** Everything was sent and the stream ended, or sending failed. Called once. */
  onFinished(): void;
  /** The subscriber drops events from now on, or has drained and no longer does. */
  onBehind(behind: boolean): void;
  /** The subscriber is behind, and its connection is to end for it. Every event that waited is dropped. */
  onCut(): void;
  /** The memory of the queues has grown or shrunk. A chunk that several writers hold is counted once. */
  onBytes(delta: number): void;
}

/** The reports of a subscribed writer to the broker. */
export interface SubscriptionHooks {
  /** Whether the flow must wait for the writer may have changed. */
  onFlow(): void;
  /** Events were handed to the socket. */
  onDelivered(events: number): void;
  onDropped(events: number): void;
  /** The writer is to finish: it asks to be told, by `Writer.left`, once no event before this moment is to come. */
  onLeaving(): void;
}
