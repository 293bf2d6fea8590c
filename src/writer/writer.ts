// One connection's writer: the only caller of its sink, one chunk at a time, responses before events.
import type { Clock } from '../clock.js';
import { CHUNK_BYTES } from '../protocol/events.js';
import { type EventChunk, ResponseQueue } from './chunk-queue.js';
import type { Flow } from './flow.js';
import type { Sink } from './sink.js';
import { Subscriber } from './subscriber.js';
import type { SubscriptionHooks, WriterHooks, WriterLimits } from './writer-hooks.js';

export class Writer {
  readonly #sink: Sink;
  readonly #limits: WriterLimits;
  readonly #clock: Clock;
  readonly #hooks: WriterHooks;
  readonly #defer: (action: () => void) => void;
  readonly #responses: ResponseQueue;
  #subscriber: Subscriber | undefined;
  #writing = false;
  #scheduled = false;
  #finishing = false;
  #over = false;
  #progress: number;

  constructor(
    sink: Sink,
    limits: WriterLimits,
    clock: Clock,
    hooks: WriterHooks,
    defer: (action: () => void) => void = queueMicrotask,
  ) {
    this.#sink = sink;
    this.#limits = limits;
    this.#clock = clock;
    this.#hooks = hooks;
    this.#defer = defer;
    this.#progress = clock.now();
    this.#responses = new ResponseQueue(limits.writeHighWaterMark);
  }

  /** Event bytes that wait and can still be dropped. */
  get eventBytes(): number {
    return this.#subscriber?.events.bytes ?? 0;
  }

  get queuedBytes(): number {
    return this.#responses.bytes + this.eventBytes;
  }

  /** Whether as many response bytes wait as may; until they have drained to half of that. */
  get congested(): boolean {
    return this.#responses.congested;
  }

  /** For how long, in ms, the chunk under way has not left; 0 without one. */
  get stalledFor(): number {
    return this.#writing ? this.#clock.now() - this.#progress : 0;
  }

  /** Whether the flow waits for it. */
  get blocking(): boolean {
    return this.#subscriber?.flow.waits === true && !this.#subscriber.hold.active;
  }

  /** Whether it keeps up: it is nearly empty. */
  get drained(): boolean {
    return this.#subscribed().flow.isDrained(this.eventBytes);
  }

  /** Whether it drops instead of being waited for. */
  get behind(): boolean {
    return this.#subscriber?.flow.behind === true;
  }

  /** How long the flow has waited for it; see {@link Flow}. */
  get stall(): Flow['stall'] {
    return this.#subscribed().flow.stall;
  }

  /** Sends whole response frames, after the responses before them and ahead of all events. */
  respond(frames: Uint8Array): void {
    if (this.#over) return;
    this.#enqueue(frames);
    this.#subscriber?.hold.end();
  }

  /** A command has come in; see `Hold`. */
  commandReceived(): void {
    this.#subscriber?.hold.commandReceived();
  }

  /** Success first, then events; those of a former subscription go before both. */
  startSubscription(success: Uint8Array, hooks: SubscriptionHooks): void {
    this.#settle();
    this.#enqueue(success);
    const subscriber = this.#subscribed();
    subscriber.hooks = hooks;
    subscriber.hold.begin();
  }

  /** What is owed of the subscription, then Success, then nothing more of it. */
  endSubscription(success: Uint8Array): void {
    this.#settle();
    this.#enqueue(success);
    if (this.#subscriber) this.#subscriber.hooks = undefined;
  }

  /** Queues a chunk; the caller has seen that the flow need not wait. */
  offer(chunk: EventChunk): void {
    if (this.#over) return;
    const subscriber = this.#subscribed();
    const { events, flow, hold } = subscriber;
    events.push(chunk);
    if (flow.behind) this.#dropOldest(subscriber);
    else if (flow.grown(events.bytes)) {
      hold.end();
      subscriber.hooks?.onFlow(this);
    }
    this.#pump();
  }

  /** The flow no longer waits for it: it drops until it has drained. */
  fallBehind(): void {
    const subscriber = this.#subscribed();
    subscriber.flow.fallBehind();
    this.#dropOldest(subscriber);
    subscriber.hooks?.onFlow(this);
  }

  /** Sends a heartbeat if nothing was sent for `silence` ms and nothing waits. */
  heartbeat(silence: number): void {
    if (this.#writing || this.queuedBytes > 0 || this.#over) return;
    if (this.#clock.now() - this.#progress < silence) return;
    this.#subscribed().events.pushHeartbeat();
    this.#pump();
  }

  /** Sends everything that waits, then ends the stream. */
  finish(): void {
    if (this.#over) return;
    this.#finishing = true;
    this.#subscriber?.hold.end();
    this.#schedule();
  }

  /** Drops everything; the sink is destroyed. */
  destroy(): void {
    if (this.#over) return;
    this.#giveUp();
    this.#sink.destroy();
  }

  #enqueue(frames: Uint8Array): void {
    this.#responses.push(frames, this.#writing);
    this.#hooks.onBytes(frames.byteLength);
    this.#schedule();
  }

  // The answers of a turn are gathered and leave together.
  #schedule(): void {
    if (this.#writing || this.#scheduled) return;
    this.#scheduled = true;
    this.#defer(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #subscribed(): Subscriber {
    this.#subscriber ??= new Subscriber(
      this.#clock,
      this.#limits,
      (delta) => this.#hooks.onBytes(delta),
      () => {
        if (this.#subscriber?.flow.waits) this.#subscriber.hooks?.onFlow(this);
        this.#schedule();
      },
    );
    return this.#subscriber;
  }

  #dropOldest({ events, hooks }: Subscriber): void {
    const dropped = events.dropTo(this.#limits.queueBytes);
    if (dropped > 0) hooks?.onDropped(dropped);
  }

  /** Moves what a subscription is owed among the responses, where nothing overtakes or drops it. */
  #settle(): void {
    const subscriber = this.#subscriber;
    if (!subscriber) return;
    subscriber.hold.end();
    const { pieces, count } = subscriber.events.take(Infinity);
    for (const piece of pieces) this.#enqueue(piece);
    subscriber.hooks?.onDelivered(count);
    this.#checkDrained(subscriber);
  }

  #pump(): void {
    if (this.#writing || this.#over) return;
    const subscriber = this.#subscriber;
    if (!this.#responses.empty) {
      this.#write(this.#responses.take(CHUNK_BYTES));
    } else if (subscriber && !subscriber.events.empty) {
      if (subscriber.hold.active) return;
      const { pieces, count } = subscriber.events.take(CHUNK_BYTES);
      subscriber.hooks?.onDelivered(count);
      this.#write(pieces);
      this.#checkDrained(subscriber);
    } else if (this.#finishing) {
      this.#end();
    }
  }

  #checkDrained({ flow, events, hooks }: Subscriber): void {
    if (flow.shrunk(events.bytes)) hooks?.onFlow(this);
  }

  #write(pieces: readonly Uint8Array[]): void {
    this.#writing = true;
    this.#progress = this.#clock.now();
    this.#sink.write(pieces, (error) => this.#written(error));
  }

  #written(error: Error | null | undefined): void {
    if (this.#over) return;
    this.#writing = false;
    this.#progress = this.#clock.now();
    const { bytes, relieved } = this.#responses.left();
    if (bytes > 0) this.#hooks.onBytes(-bytes);
    if (error) {
      this.#end();
      return;
    }
    if (relieved) this.#hooks.onResponsesDrained();
    this.#pump();
  }

  /** Nothing more will be sent. */
  #end(): void {
    this.#giveUp();
    this.#sink.end();
    this.#hooks.onFinished();
  }

  #giveUp(): void {
    this.#over = true;
    this.#subscriber?.hold.end();
    this.#hooks.onBytes(-this.#responses.bytes);
    this.#responses.clear();
    this.#subscriber?.events.clear();
  }
}
