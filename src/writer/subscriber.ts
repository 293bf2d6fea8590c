// A writer's subscription: the events that wait, whether the flow waits for them, the hold, and the end of it all.
import type { Clock } from '../clock.js';
import { type EventChunk, EventQueue } from './event-queue.js';
import { Flow } from './flow.js';
import { Hold } from './hold.js';
import type { SubscriptionHooks, WhenFull, WriterLimits } from './writer-hooks.js';

/** Made for a connection's first Subscribe: most connections have none, and idle connections must be light. */
export class Subscriber {
  readonly hold: Hold;
  readonly #queueBytes: number;
  readonly #whenFull: WhenFull;
  readonly #onBehind: (behind: boolean) => void;
  readonly #onCut: () => void;
  readonly #events: EventQueue;
  readonly #flow: Flow;
  /** Undefined between an Unsubscribe and the next Subscribe. */
  #hooks: SubscriptionHooks | undefined;
  #leaving = false;

  /** Whether its connection ends because it did not keep up: every event is dropped. */
  #cut = false;

  /**
   * @param onReady Events that were held may leave now.
   * @param onBehind It drops events from now on, or no longer does.
   * @param onCut Its connection is to end because it does not keep up.
   */
  constructor(
    clock: Clock,
    limits: WriterLimits,
    onBytes: (delta: number) => void,
    onReady: () => void,
    onBehind: (behind: boolean) => void,
    onCut: () => void,
  ) {
    this.#queueBytes = limits.queueBytes;
    this.#whenFull = limits.whenFull;
    this.#onBehind = onBehind;
    this.#onCut = onCut;
    this.#events = new EventQueue(onBytes);
    this.#flow = new Flow(limits);
    this.hold = new Hold(clock, limits.eventHold, () => {
      if (this.#flow.waits) this.#hooks?.onFlow();
      onReady();
    });
  }

  /** Event bytes that wait and can still be dropped. */
  get bytes(): number {
    return this.#events.bytes;
  }

  get empty(): boolean {
    return this.#events.empty;
  }

  /** Whether the flow waits for it. The flow never waits for events that are held. */
  get blocking(): boolean {
    return this.#flow.waits && !this.hold.active;
  }

  get drained(): boolean {
    return this.#flow.isDrained(this.#events.bytes);
  }

  get behind(): boolean {
    return this.#flow.behind;
  }

  get stall(): Flow['stall'] {
    return this.#flow.stall;
  }

  /** Whether events that matched before the writer began to finish may still come. */
  get leaving(): boolean {
    return this.#leaving;
  }

  begin(hooks: SubscriptionHooks): void {
    this.#hooks = hooks;
    this.hold.begin();
  }

  push(chunk: EventChunk): void {
    const { byteLength } = chunk.bytes;
    const full = this.#flow.behind && this.#whenFull === 'drop-newest';
    if (this.#cut || (full && !this.#events.fits(byteLength, this.#queueBytes))) {
      if (!this.#cut) this.#events.dropNewest(chunk.count);
      this.#hooks?.onDropped(chunk.count);
      return;
    }
    this.#events.push(chunk);
    if (this.#flow.behind) this.#dropOldest();
    else if (this.#flow.grown(this.#events.bytes)) {
      this.hold.end();
      this.#hooks?.onFlow();
    }
  }

  pushHeartbeat(): void {
    this.#events.pushHeartbeat();
  }

  /** The flow no longer waits: events are dropped until the queue has drained, or the connection ends. */
  fallBehind(): void {
    this.#flow.fallBehind();
    if (this.#whenFull === 'disconnect') {
      this.#cut = true;
      this.#hooks?.onDropped(this.#events.clear());
      this.#onCut();
    } else {
      this.#onBehind(true);
      this.#dropOldest();
    }
    this.#hooks?.onFlow();
  }

  /** Takes the next pieces out, at most `limit` bytes or one larger piece. They count as delivered. */
  take(limit: number): readonly Uint8Array[] {
    const { pieces, count } = this.#events.take(limit);
    this.#hooks?.onDelivered(count);
    return pieces;
  }

  /** The pieces taken are under way: the flow may go on. */
  taken(): void {
    const { behind } = this.#flow;
    this.#shrunk();
    if (behind && !this.#flow.behind) this.#onBehind(false);
  }

  /** The writer is to finish: it stays for the events that matched before. */
  leave(): void {
    this.hold.end();
    if (!this.#hooks) return;
    this.#leaving = true;
    this.#hooks.onLeaving();
  }

  /** Every event that matched before {@link leave} is in the queue. */
  left(): void {
    this.#leaving = false;
  }

  /** The subscription is over, and nothing is owed. */
  end(): void {
    this.#hooks = undefined;
  }

  /** Nothing more can be sent: drops all events, and ends all waits for this subscriber. */
  clear(): void {
    this.#leaving = false;
    this.hold.end();
    this.#tellDropped(this.#events.clear());
    this.#shrunk();
  }

  #shrunk(): void {
    if (this.#flow.shrunk(this.#events.bytes)) this.#hooks?.onFlow();
  }

  #dropOldest(): void {
    if (this.#whenFull === 'drop-oldest') this.#tellDropped(this.#events.dropTo(this.#queueBytes));
  }

  #tellDropped(events: number): void {
    if (events > 0) this.#hooks?.onDropped(events);
  }
}
