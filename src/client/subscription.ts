// A subscription: an async iterable of events that unsubscribes when its reader leaves it.
import { onAbort } from '../abort.js';
import { IpcError } from '../protocol/errors.js';
import { DROPPED_EVENT_TYPE, HEARTBEAT_EVENT_TYPE } from '../protocol/events.js';
import { AnswerError } from './answer-error.js';
import { droppedIn, EventBuffer, type ReceivedEvent } from './event-buffer.js';
import { Waiters } from './waiters.js';

/**
 * Events, oldest first: `for await (const { event_type, data } of subscription)`.
 *
 * Leaving the loop ends it at once and unsubscribes, and so do {@link close} and the signal; the signal's reason is
 * thrown into a loop that waits. The end of the connection is thrown as its `IpcError`, after the events that had
 * come. Heartbeats are not shown. Where events were dropped, by the daemon or by the client, an event
 * `events_dropped` with `data.dropped` says how many: events read + events told as dropped = events that matched.
 */
export interface Subscription extends AsyncIterableIterator<ReceivedEvent, undefined> {
  /**
   * Resolves when the daemon has accepted the subscription; no event published since is missed.
   *
   * Rejects with an `AnswerError` if the daemon refused, or with the `IpcError` of the connection.
   */
  readonly ready: Promise<void>;
  /** Events that came, those included that the client dropped; notices and heartbeats are not counted. */
  readonly received: number;
  /** Events that were dropped, by the daemon or by the client. */
  readonly dropped: number;
  /** The next event. If several calls wait at once, each gets an event of its own, in order, and all learn of the end. */
  next(): Promise<IteratorResult<ReceivedEvent, undefined>>;
  /** Ends the subscription as `break` does: at once. Unsubscribe follows on its own. */
  return(): Promise<IteratorResult<ReceivedEvent, undefined>>;
  /** As {@link return}; then it rejects with `error`. */
  throw(error?: unknown): Promise<IteratorResult<ReceivedEvent, undefined>>;
  /** Unsubscribes; events not yet read are forgotten. Resolves when the daemon has confirmed, or is gone or late. */
  close(): Promise<void>;
  [Symbol.asyncIterator](): Subscription;
  /** Ends the subscription as `break` does. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The part of the connection that a subscription needs. */
export interface SubscriptionHost {
  /** Writes Subscribe; settles with its answer. */
  subscribe(from: ClientSubscription): Promise<unknown>;
  /** Writes Unsubscribe, unless a later subscription has taken the place of this one. Never rejects. */
  unsubscribe(from: ClientSubscription): Promise<void>;
  /** Bytes were taken out of the buffer, or the subscription is over. */
  onRoom(from: ClientSubscription): void;
}

export class ClientSubscription implements Subscription {
  readonly #host: SubscriptionHost;
  readonly #buffer = new EventBuffer();
  readonly #readers = new Waiters<IteratorResult<ReceivedEvent, undefined>>();
  readonly #limit: number;
  readonly #detach: () => void;
  readonly ready: Promise<void>;
  #open = true;
  #error: { readonly thrown: unknown } | undefined;
  #closing: Promise<void> | undefined;
  #dropped = 0;
  #received = 0;

  /** @param limit Bytes of events that may wait for the reader. */
  constructor(host: SubscriptionHost, limit: number, signal: AbortSignal | undefined) {
    this.#host = host;
    this.#limit = limit;
    const abort = (): void => this.#abort(signal?.reason);
    this.#detach = onAbort(signal, abort);
    this.ready = this.#subscribe();
    // The reader learns of it by next(). A caller that never reads need not know.
    this.ready.catch(() => undefined);
    if (signal?.aborted) abort();
  }

  get received(): number {
    return this.#received;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Whether events are for it. */
  get open(): boolean {
    return this.#open;
  }

  /** Whether as much is buffered as may be. */
  get full(): boolean {
    return this.#open && this.#buffer.bytes >= this.#limit;
  }

  /** Whether there is room again. */
  get roomy(): boolean {
    return !this.#open || this.#buffer.bytes <= this.#limit / 2;
  }

  /** @param drop Whether reading has to go on, so that the oldest events are dropped when the buffer is full. */
  receive(event: ReceivedEvent, bytes: number, drop: boolean): void {
    if (!this.#open || event.event_type === HEARTBEAT_EVENT_TYPE) return;
    if (event.event_type === DROPPED_EVENT_TYPE) this.#dropped += droppedIn(event);
    else this.#received += 1;
    if (this.#readers.give({ value: event, done: false })) return;
    this.#buffer.push(event, bytes);
    if (drop) this.#dropped += this.#buffer.dropDownTo(this.#limit);
  }

  /** Nothing more comes: the connection is gone, or another subscription has taken the place (`error` undefined). */
  over(error?: IpcError): void {
    this.#end(error && { thrown: error });
  }

  next(): Promise<IteratorResult<ReceivedEvent, undefined>> {
    const event = this.#buffer.shift();
    if (event) {
      this.#host.onRoom(this);
      return Promise.resolve({ value: event, done: false });
    }
    if (this.#open) return this.#readers.wait().promise;
    const error = this.#error;
    this.#error = undefined;
    return error ? Promise.reject(error.thrown) : Promise.resolve({ value: undefined, done: true });
  }

  return(): Promise<IteratorResult<ReceivedEvent, undefined>> {
    this.#leave();
    return Promise.resolve({ value: undefined, done: true });
  }

  async throw(error?: unknown): Promise<IteratorResult<ReceivedEvent, undefined>> {
    this.#leave();
    throw error;
  }

  close(): Promise<void> {
    this.#leave();
    return this.#closing ?? Promise.resolve();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #subscribe(): Promise<void> {
    try {
      await this.#host.subscribe(this);
    } catch (error) {
      this.#end({ thrown: error });
      // Its Success may still come.
      if (!(error instanceof AnswerError)) this.#unsubscribe();
      throw error;
    }
  }

  /** Its reader has left. */
  #leave(): void {
    this.#end();
    this.#error = undefined;
    this.#buffer.clear();
    this.#host.onRoom(this);
    this.#unsubscribe();
  }

  #abort(reason: unknown): void {
    this.#buffer.clear();
    this.#end({ thrown: reason ?? new IpcError('CONNECTION_CLOSED', 'The subscription was aborted') });
    this.#unsubscribe();
  }

  #unsubscribe(): void {
    this.#closing ??= this.#host.unsubscribe(this);
  }

  #end(error?: { readonly thrown: unknown }): void {
    if (!this.#open) return;
    this.#open = false;
    this.#detach();
    if (this.#readers.length === 0) this.#error = error;
    this.#readers.endAll(({ resolve, reject }) => {
      if (error) reject(error.thrown);
      else resolve({ value: undefined, done: true });
    });
    this.#host.onRoom(this);
  }
}
