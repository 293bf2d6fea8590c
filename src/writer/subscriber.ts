// What a writer has of a subscription: the events that wait, whether the flow waits for it, the hold, whom it tells.
import type { Clock } from '../clock.js';
import { EventQueue } from './event-queue.js';
import { Flow } from './flow.js';
import { Hold } from './hold.js';
import type { SubscriptionHooks, WriterLimits } from './writer-hooks.js';

/** Made for a connection's first Subscribe: most connections have none, and idle ones are to be light. */
export class Subscriber {
  readonly events: EventQueue;
  readonly flow: Flow;
  readonly hold: Hold;
  /** Undefined between an Unsubscribe and the next Subscribe. */
  hooks: SubscriptionHooks | undefined;

  constructor(clock: Clock, limits: WriterLimits, onBytes: (delta: number) => void, onHoldEnd: () => void) {
    this.events = new EventQueue(onBytes);
    this.flow = new Flow(limits);
    this.hold = new Hold(clock, limits.eventHold, onHoldEnd);
  }
}
