// One connection's writer: the only caller of its sink, one chunk at a time, responses before events.
import type { Clock } from '../clock.js';
import { CHUNK_BYTES, DROPPED_EVENT_TYPE, HEARTBEAT_EVENT_TYPE, encodeEvent } from '../protocol/events.js';
import { type EventChunk, Queue, ResponseQueue } from './chunk-queue.js';
import { Hold } from './hold.js';
import type { Sink } from './sink.js';

/** Bounds of a writer, in bytes and ms. */
export interface WriterLimits {
  /** Event bytes that a writer that is behind keeps. */
  readonly queueBytes: number;
  /** Event bytes at which the flow waits for it, */
  readonly highWater: number;
  /** and below which the flow goes on. */
  readonly lowWater: number;
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

const HEARTBEAT = encodeEvent(HEARTBEAT_EVENT_TYPE, {});

export class Writer {
  readonly #sink: Sink;
  readonly #limits: WriterLimits;
  readonly #clock: Clock;
  readonly #hooks: WriterHooks;
  readonly #defer: (action: () => void) => void;
  readonly #responses = new ResponseQueue();
  readonly #events = new Queue<EventChunk>();
  readonly #hold: Hold;
  #eventBytes = 0;
  /** Events dropped that the subscriber has not been told of. */
  #dropped = 0;
  #writing = false;
  #writingResponses = 0;
  #scheduled = false;
  #congested = false;
  #full = false;
  #behind = false;
  #subscription: SubscriptionHooks | undefined;
  #finishing = false;
  #over = false;
  #progress: number;
  /** How long, in ms, the flow has waited for it while others were drained; and in all. The broker's to advance. */
  readonly stall = { grace: 0, total: 0 };

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
    this.#hold = new Hold(clock, limits.eventHold, () => this.#held());
  }

  /** Response bytes that have not left, those the sink has included. */
  get responseBytes(): number {
    return this.#responses.bytes + this.#writingResponses;
  }

  /** Event bytes that wait and can still be dropped. */
  get eventBytes(): number {
    return this.#eventBytes;
  }

  get queuedBytes(): number {
    return this.responseBytes + this.#eventBytes;
  }

  /** Whether as many response bytes wait as may; until they have drained to half of that. */
  get congested(): boolean {
    return this.#congested;
  }

  /** For how long, in ms, the chunk under way has not left; 0 without one. */
  get stalledFor(): number {
    return this.#writing ? this.#clock.now() - this.#progress : 0;
  }

  /** Whether the flow waits for it. */
  get blocking(): boolean {
    return this.#full && !this.#behind && !this.#hold.active;
  }

  /** Whether it keeps up: it is nearly empty. */
  get drained(): boolean {
    return this.#eventBytes < this.#limits.lowWater;
  }

  /** Whether it drops instead of being waited for. */
  get behind(): boolean {
    return this.#behind;
  }

  /** Sends whole response frames, after the responses before them and ahead of all events. */
  respond(frames: Uint8Array): void {
    if (this.#over) return;
    this.#enqueue(frames);
    this.#hold.end();
  }

  /** A command has come in; see {@link Hold}. */
  commandReceived(): void {
    this.#hold.commandReceived();
  }

  /** Success first, then events; those of a former subscription go before both. */
  startSubscription(success: Uint8Array, hooks: SubscriptionHooks): void {
    this.#settle();
    this.#enqueue(success);
    this.#subscription = hooks;
    this.#hold.begin();
  }

  /** What is owed of the subscription, then Success, then nothing more of it. */
  endSubscription(success: Uint8Array): void {
    this.#settle();
    this.#enqueue(success);
    this.#subscription = undefined;
  }

  /** Queues a chunk; the caller has seen that the flow need not wait. */
  offer(chunk: EventChunk): void {
    if (this.#over) return;
    this.#keep(chunk);
    if (this.#behind) this.#dropOldest();
    else if (this.#eventBytes >= this.#limits.highWater) {
      this.#full = true;
      this.#hold.end();
      this.#subscription?.onFlow(this);
    }
    this.#pump();
  }

  /** The flow no longer waits for it: it drops until it has drained. */
  fallBehind(): void {
    this.#behind = true;
    this.#dropOldest();
    this.#subscription?.onFlow(this);
  }

  /** Sends a heartbeat if nothing was sent for `silence` ms and nothing waits. */
  heartbeat(silence: number): void {
    if (this.#writing || this.queuedBytes > 0 || this.#over) return;
    if (this.#clock.now() - this.#progress < silence) return;
    this.#keep({ bytes: HEARTBEAT, count: 0, holders: 0 });
    this.#pump();
  }

  /** Sends everything that waits, then ends the stream. */
  finish(): void {
    if (this.#over) return;
    this.#finishing = true;
    this.#hold.end();
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
    if (this.responseBytes >= this.#limits.writeHighWaterMark) this.#congested = true;
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

  #held(): void {
    if (this.#full) this.#subscription?.onFlow(this);
    this.#schedule();
  }

  #keep(chunk: EventChunk): void {
    this.#events.push(chunk);
    this.#eventBytes += chunk.bytes.byteLength;
    chunk.holders += 1;
    if (chunk.holders === 1) this.#hooks.onBytes(chunk.bytes.byteLength);
  }

  #release(chunk: EventChunk): void {
    chunk.holders -= 1;
    if (chunk.holders === 0) this.#hooks.onBytes(-chunk.bytes.byteLength);
  }

  #shiftEvent(): EventChunk | undefined {
    const chunk = this.#events.shift();
    if (chunk) {
      this.#eventBytes -= chunk.bytes.byteLength;
      this.#release(chunk);
    }
    return chunk;
  }

  // Whole chunks from the head. One event larger than the bound is kept when it is alone.
  #dropOldest(): void {
    while (this.#eventBytes > this.#limits.queueBytes && this.#events.length > 1) {
      const { count } = this.#shiftEvent() as EventChunk;
      this.#dropped += count;
      this.#subscription?.onDropped(count);
    }
  }

  /** The notice owed, its number fixed now that it is written. */
  #notice(): Uint8Array | undefined {
    if (this.#dropped === 0) return undefined;
    const notice = encodeEvent(DROPPED_EVENT_TYPE, { dropped: this.#dropped });
    this.#dropped = 0;
    return notice;
  }

  /** Moves what a subscription is owed among the responses, where nothing overtakes or drops it. */
  #settle(): void {
    this.#hold.end();
    const notice = this.#notice();
    if (notice) this.#enqueue(notice);
    for (let chunk = this.#shiftEvent(); chunk; chunk = this.#shiftEvent()) {
      this.#subscription?.onDelivered(chunk.count);
      this.#enqueue(chunk.bytes);
    }
    this.#checkDrained();
  }

  #pump(): void {
    if (this.#writing || this.#over) return;
    if (this.#responses.bytes > 0) {
      const before = this.#responses.bytes;
      const pieces = this.#responses.take(CHUNK_BYTES);
      this.#writingResponses = before - this.#responses.bytes;
      this.#write(pieces);
    } else if (this.#events.length > 0 && !this.#hold.active) {
      this.#write(this.#takeEvents());
      this.#checkDrained();
    } else if (this.#finishing && this.#events.length === 0) {
      this.#end();
    }
  }

  #takeEvents(): Uint8Array[] {
    const notice = this.#notice();
    const pieces = notice ? [notice] : [];
    let bytes = notice?.byteLength ?? 0;
    let count = 0;
    for (let next = this.#events.peek(); next; next = this.#events.peek()) {
      if (bytes > 0 && bytes + next.bytes.byteLength > CHUNK_BYTES) break;
      this.#shiftEvent();
      pieces.push(next.bytes);
      bytes += next.bytes.byteLength;
      count += next.count;
    }
    this.#subscription?.onDelivered(count);
    return pieces;
  }

  #checkDrained(): void {
    if (!this.drained) return;
    this.stall.grace = 0;
    this.stall.total = 0;
    if (!this.#full && !this.#behind) return;
    this.#full = false;
    this.#behind = false;
    this.#subscription?.onFlow(this);
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
    if (this.#writingResponses > 0) {
      this.#hooks.onBytes(-this.#writingResponses);
      this.#writingResponses = 0;
    }
    if (error) {
      this.#end();
      return;
    }
    if (this.#congested && this.responseBytes <= this.#limits.writeHighWaterMark / 2) {
      this.#congested = false;
      this.#hooks.onResponsesDrained();
    }
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
    this.#hold.end();
    this.#hooks.onBytes(-this.responseBytes);
    this.#responses.clear();
    this.#writingResponses = 0;
    for (let chunk = this.#shiftEvent(); chunk; chunk = this.#shiftEvent());
  }
}
