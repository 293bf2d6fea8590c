// What a writer is told at its making, and what it tells: its connection of responses, the broker of events.
import type { FlowMarks } from './flow.js';
import type { Writer } from './writer.js';

/** Bounds of a writer, in bytes and ms. */
export interface WriterLimits extends FlowMarks {
  /** Event bytes that a writer that is behind keeps. */
  readonly queueBytes: number;
  /** Response bytes at which its connection's commands wait. */
  readonly writeHighWaterMark: number;
  /** How long events wait after Subscribe without a command; 0 for not at all. */
  readonly eventHold: number;
}

/** What a writer tells its connection. */
export interface WriterHooks {
  /** Responses have drained to half their bound, having been at it. */
  onResponsesDrained(): void;
  /** Everything was sent and the stream ended, or sending failed. Once. */
  onFinished(): void;
  /** The memory its queues hold has grown or shrunk; a chunk that several writers hold is counted once. */
  onBytes(delta: number): void;
}

/** What a subscribed writer tells the broker. */
export interface SubscriptionHooks {
  /** Whether the flow must wait for it may have changed. */
  onFlow(writer: Writer): void;
  onDelivered(events: number): void;
  onDropped(events: number): void;
}
