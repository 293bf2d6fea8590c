// A subscription as its reader holds it: an async iterable of events that unsubscribes when it is left.
import { IpcError } from '../protocol/errors.js';
import { DROPPED_EVENT_TYPE, HEARTBEAT_EVENT_TYPE } from '../protocol/events.js';
import type { IpcAnswer, IpcMessage } from '../protocol/messages.js';
import type { Answer } from './requests.js';
import { onAbort } from '../abort.js';
import { EventBuffer, type ReceivedEvent } from './event-buffer.js';

/** What a subscription needs of its connection. */
export interface SubscriptionHost {
  /** `onAnswer` is called before anything that came behind the answer is looked at. */
  request(message: IpcMessage, onAnswer?: (response: Answer) => void): Promise<IpcAnswer>;
  /** Bytes were taken out of the buffer, or the subscription is over. */
  onRoom(subscription: Subscription): void;
}

/**
 * Events, oldest first: `for await (const { event_type, data } of subscription)`.
 *
 * Leaving the loop, {@link close} and the signal each unsubscribe; the signal's reason is thrown into a loop that
 * waits. The connection's end is thrown as `CONNECTION_CLOSED`. Heartbeats are not shown. Where events were
 * dropped, by the daemon or here, an event `events_dropped` with `data.dropped` says how many.
 */
export class Subscription implements AsyncIterableIterator<ReceivedEvent, undefined> {
  readonly #host: SubscriptionHost;
  readonly #buffer = new EventBuffer();
  readonly #limit: number;
  readonly #ready: Promise<void>;
  readonly #detach: () => void;
  /** Events that come before the daemon's Success are those of a former subscription. */
  #accepted = false;
  #state: 'open' | 'over' = 'open';
  #closing: Promise<void> | undefined;
  #droppedHere = 0;
  #dropped = 0;
  #received = 0;

  constructor(host: SubscriptionHost, request: IpcMessage, limit: number, signal: AbortSignal | undefined) {
    this.#host = host;
    this.#limit = limit;
    const aborted = (): void => {
      this.#end(signal?.reason ?? new IpcError('CONNECTION_CLOSED', 'The subscription was aborted'));
      void this.close();
    };
    this.#detach = onAbort(signal, aborted);
    this.#ready = this.#subscribe(request);
    // Whoever reads is told; one who never reads has nothing to be told.
    this.#ready.catch(() => undefined);
    if (signal?.aborted) aborted();
  }

  /** Resolves when the daemon has accepted the subscription; no event published since is missed. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  /** Events received, notices and heartbeats not counted. */
  get received(): number {
    return this.#received;
  }

  /** Events that were dropped, by the daemon or here. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether events are for it. */
  get open(): boolean {
    return this.#state === 'open';
  }

  /** Whether as much is buffered as may be. */
  get full(): boolean {
    return this.#state === 'open' && this.#buffer.bytes >= this.#limit;
  }

  /** Whether there is room again. */
  get roomy(): boolean {
    return this.#state !== 'open' || this.#buffer.bytes <= this.#limit / 2;
  }

  /** The connection has an event for it. `drop`: there must be room, so the oldest events go if there is none. */
  receive(event: ReceivedEvent, bytes: number, drop: boolean): void {
    if (this.#state !== 'open' || !this.#accepted || event.event_type === HEARTBEAT_EVENT_TYPE) return;
    if (event.event_type === DROPPED_EVENT_TYPE) this.#dropped += droppedIn(event);
    else this.#received += 1;
    this.#buffer.push(event, bytes);
    while (drop && this.#buffer.bytes > this.#limit && this.#buffer.dropOldest()) {
      this.#droppedHere += 1;
      this.#dropped += 1;
    }
  }

  /** The connection is gone, or another subscription has taken the place of this one (`error` undefined). */
  over(error?: IpcError): void {
    this.#end(error);
    this.#closing ??= Promise.resolve();
  }

  /** The next event. Of several calls at once each gets one of its own, in order, and all are told of the end. */
  async next(): Promise<IteratorResult<ReceivedEvent, undefined>> {
    await this.#ready;
    if (this.#droppedHere > 0) {
      const dropped = this.#droppedHere;
      this.#droppedHere = 0;
      return { value: { event_type: DROPPED_EVENT_TYPE, data: { dropped } }, done: false };
    }
    const result = await this.#buffer.next();
    this.#host.onRoom(this);
    return result;
  }

  async return(): Promise<IteratorResult<ReceivedEvent, undefined>> {
    await this.close();
    return { value: undefined, done: true };
  }

  /** Unsubscribes; what is buffered is forgotten. Resolves when the daemon has confirmed, or is gone. */
  close(): Promise<void> {
    this.#end();
    this.#buffer.clear();
    this.#closing ??= this.#unsubscribe();
    this.#host.onRoom(this);
    return this.#closing;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #subscribe(request: IpcMessage): Promise<void> {
    try {
      await this.#host.request(request, (answer) => {
        this.#accepted = 'Success' in answer;
      });
    } catch (error) {
      this.over(error as IpcError);
      throw error;
    }
  }

  async #unsubscribe(): Promise<void> {
    try {
      // Written at once, whether Subscribe has been answered or not: what counts is the order on the wire, and one
      // that waited would end the subscription that follows this one.
      await this.#host.request('Unsubscribe');
    } catch {
      // The connection is gone, and the subscription with it.
    }
  }

  #end(error?: unknown): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#detach();
    this.#buffer.end(error);
    this.#host.onRoom(this);
  }
}

/** How many events a notice tells of. One that makes no sense counts as none: the sum must not go back or become NaN. */
function droppedIn({ data }: ReceivedEvent): number {
  const dropped = (data as { dropped?: unknown } | null)?.dropped;
  return Number.isSafeInteger(dropped) && (dropped as number) >= 0 ? (dropped as number) : 0;
}
