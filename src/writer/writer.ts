// One connection's writer: the only caller of its sink, one chunk at a time, responses before events.
import type { Clock } from '../clock.js';
import { CHUNK_BYTES } from '../protocol/events.js';
import type { EventChunk } from './event-queue.js';
import type { Flow } from './flow.js';
import { ResponseQueue } from './response-queue.js';
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
  /** When the last chunk, or a part of it, began or left. */
  #progress: number;
  readonly #moved = (): void => void (this.#progress = this.#clock.now());

  /** @param defer Calls its argument later in the same turn of the loop. */
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
    return this.#subscriber?.bytes ?? 0;
  }

  /** Response bytes that have not left. */
  get responseBytes(): number {
    return this.#responses.bytes;
  }

  get queuedBytes(): number {
    return this.#responses.bytes + this.eventBytes;
  }

  /** Whether the responses are at their bound; true until half of it has drained. */
  get congested(): boolean {
    return this.#responses.congested;
  }

  /** For how long, in ms, nothing of the chunk under way has left; 0 without one. */
  get stalledFor(): number {
    return this.#writing ? this.#clock.now() - this.#progress : 0;
  }

  /** Whether the flow waits for this writer. */
  get blocking(): boolean {
    return this.#subscriber?.blocking === true;
  }

  /** Whether the writer keeps up: its events are below the low-water mark. */
  get drained(): boolean {
    return this.#subscribed().drained;
  }

  /** Whether the writer drops events, so that the flow need not wait. */
  get behind(): boolean {
    return this.#subscriber?.behind === true;
  }

  /** How long the flow has waited for this writer; see {@link Flow}. */
  get stall(): Flow['stall'] {
    return this.#subscribed().stall;
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

  /** Sends `success`, then events. The events of a former subscription go before both. */
  startSubscription(success: Uint8Array, hooks: SubscriptionHooks): void {
    if (this.#over) return;
    this.#settle();
    this.#enqueue(success);
    this.#subscribed().begin(hooks);
  }

  /** Sends the events that wait, then `success`, then nothing more of the subscription. */
  endSubscription(success: Uint8Array): void {
    if (this.#over) return;
    this.#settle();
    this.#enqueue(success);
    this.#subscriber?.end();
  }

  /** Queues a chunk. The caller has checked that the flow need not wait. */
  offer(chunk: EventChunk): void {
    if (this.#over) return;
    this.#subscribed().push(chunk);
    this.#pump();
  }

  /** The flow no longer waits for this writer: it drops events until it has drained. */
  fallBehind(): void {
    this.#subscribed().fallBehind();
  }

  /** Sends a heartbeat if nothing was sent for `silence` ms and nothing waits. */
  heartbeat(silence: number): void {
    if (this.#writing || this.queuedBytes > 0 || this.#over || this.#finishing) return;
    if (this.#clock.now() - this.#progress < silence) return;
    this.#subscribed().pushHeartbeat();
    this.#pump();
  }

  /** Sends everything that waits and every event that has matched until now, then ends the stream. */
  finish(): void {
    if (this.#over || this.#finishing) return;
    this.#finishing = true;
    this.#subscriber?.leave();
    this.#schedule();
  }

  /** The broker's answer to `onLeaving`: no event will follow. */
  left(): void {
    this.#subscriber?.left();
    this.#schedule();
  }

  /** Drops everything and destroys the sink. */
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
      () => this.#schedule(),
      (behind) => this.#hooks.onBehind(behind),
      // Later: the flow of other subscribers is being looked at.
      () => this.#defer(() => this.#over || this.#hooks.onCut()),
    );
    return this.#subscriber;
  }

  /** Moves the events that wait among the responses, where nothing overtakes or drops them. */
  #settle(): void {
    const subscriber = this.#subscriber;
    if (!subscriber) return;
    subscriber.hold.end();
    for (const piece of subscriber.take(Infinity)) this.#enqueue(piece);
    subscriber.taken();
  }

  #pump(): void {
    if (this.#writing || this.#over) return;
    const subscriber = this.#subscriber;
    if (!this.#responses.empty) {
      this.#write(this.#responses.take(CHUNK_BYTES));
    } else if (subscriber && !subscriber.empty) {
      if (subscriber.hold.active) return;
      this.#write(subscriber.take(CHUNK_BYTES));
      subscriber.taken();
    } else if (this.#finishing && subscriber?.leaving !== true) {
      this.#end();
    }
  }

  #write(pieces: readonly Uint8Array[]): void {
    this.#writing = true;
    this.#moved();
    try {
      this.#sink.write(pieces, (error) => this.#written(error), this.#moved);
    } catch (error) {
      // A sink that cannot take a chunk can take no later one either.
      this.#written(error as Error);
    }
  }

  #written(error: Error | null | undefined): void {
    if (this.#over) return;
    this.#writing = false;
    this.#moved();
    const { bytes, relieved } = this.#responses.left();
    if (bytes > 0) this.#hooks.onBytes(-bytes);
    if (error) {
      this.#end();
      return;
    }
    try {
      if (relieved) this.#hooks.onResponsesDrained();
    } finally {
      this.#pump();
    }
  }

  /** Nothing more will be sent. */
  #end(): void {
    this.#giveUp();
    this.#sink.end();
    this.#hooks.onFinished();
  }

  #giveUp(): void {
    this.#over = true;
    this.#hooks.onBytes(-this.#responses.bytes);
    this.#responses.clear();
    this.#subscriber?.clear();
  }
}
