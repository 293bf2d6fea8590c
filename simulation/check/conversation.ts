// What is said on one connection: every request gets its answer, in order, and events only while there is a subscription.
import type { World } from '../virtual/world.js';
import { type EventOrder, type Filter, Window } from './events.js';
import { Frames } from './frames.js';
import type { Answer, Ledger, Request } from './ledger.js';

/** What a client asked and has no answer to. */
type Asked =
  | { readonly kind: 'request'; readonly request: Request }
  | { readonly kind: 'subscribe' | 'unsubscribe' | 'malformed' };

/** Errors that end a connection; they answer no request. */
const FAREWELLS = [
  'FRAME_TIMEOUT',
  'FRAME_TOO_LARGE',
  'SHUTTING_DOWN',
  'SUBSCRIBER_TOO_SLOW',
  'TOO_MANY_CONNECTIONS',
  'INTERNAL',
];

interface Wire {
  readonly [kind: string]: {
    readonly message?: string;
    readonly code?: string;
    readonly event_type?: string;
    readonly data?: { readonly n?: number; readonly dropped?: number };
  };
}

export class Conversation {
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #order: EventOrder;
  readonly #maxMessageSize: number;
  readonly #up = new Frames();
  readonly #down = new Frames();
  #asked: Asked[] = [];
  /** Subscriptions that the broker has begun, and whose answer has not been sent. */
  #begun: Window[] = [];
  /** The subscription that the broker has now. */
  #atBroker: Window | undefined;
  /** The subscription whose events may be sent now. */
  current: Window | undefined;
  /** Subscriptions that the client has been told about. */
  readonly told: Window[] = [];
  /** The error with which the daemon ended the connection. */
  farewell: string | undefined;
  /** The client cut it, or closed it without waiting for answers. */
  hungUp = false;
  /** The client has ended its half, or the daemon will not read on. */
  asksNoMore = false;
  /** The client is slow to write, so that a frame may take too long. */
  slow = false;
  /** The client is slow to read. */
  unread = false;
  /** A subscriber that is slow to read is cut. */
  maybeCut = false;
  /** The daemon has taken the connection; otherwise it refuses it. */
  accepted = false;
  /** The daemon's end is closed. */
  over = false;
  #mute = false;

  constructor(
    readonly client: number,
    world: World,
    ledger: Ledger,
    order: EventOrder,
    maxMessageSize: number,
  ) {
    this.#world = world;
    this.#ledger = ledger;
    this.#order = order;
    this.#maxMessageSize = maxMessageSize;
  }

  /** Requests without an answer. */
  get open(): number {
    return this.#asked.length;
  }

  /** The client has written bytes. */
  asks(bytes: Uint8Array): void {
    if (this.#mute) return;
    for (const payload of this.#up.push(bytes, this.#maxMessageSize)) {
      if (payload === undefined) this.#mute = true;
      else this.#asked.push(this.#askedOf(payload));
    }
  }

  /** The daemon has written bytes. */
  says(bytes: Uint8Array): void {
    for (const payload of this.#down.push(bytes, 2 ** 31)) {
      this.#world.note(() => `  to client ${this.client}: ${payload ?? ''}`, payload?.length ?? 0);
      const [kind = '', content = {}] = Object.entries(JSON.parse(payload ?? '') as Wire)[0] ?? [];
      if (kind === 'Event') this.#event(content.event_type ?? '', content.data ?? {});
      else this.#answer({ kind, message: content.message ?? '', code: content.code });
    }
  }

  /** The broker has begun a subscription, at this place in the order of events. */
  subscribed(filter: Filter, place: number): void {
    if (this.#atBroker) this.#atBroker.end ??= place;
    this.#atBroker = new Window(this.#world, this.#order, filter, place);
    this.#begun.push(this.#atBroker);
  }

  /** The broker's subscription ends at this place. */
  unsubscribed(place: number): void {
    if (this.#atBroker) this.#atBroker.end ??= place;
    this.#atBroker = undefined;
  }

  /** What is published from now on, behind this place, is not for this connection. */
  finishing(place: number): void {
    if (this.#atBroker) this.#atBroker.end ??= place;
  }

  /** The daemon has ended its half, after everything that it had to send. `closing`: the daemon is being closed. */
  ended(closing: boolean): void {
    if (this.#down.rest > 0) this.#world.fail(`client ${this.client} was sent half a frame at the end`);
    if (this.farewell === undefined && this.open > 0 && !closing)
      this.#world.fail(
        `the daemon ended connection ${this.client} with ${this.open} requests without an answer`,
      );
    if (this.#atBroker && this.farewell !== 'SUBSCRIBER_TOO_SLOW')
      this.current?.complete('before the end of the connection');
  }

  /**
   * Nothing is said any more. `closing`: the daemon is being closed, or its start has failed.
   *
   * @returns Whether everything was answered, or there is a reason why not.
   */
  closed(closing: boolean): boolean {
    this.over = true;
    if (this.open === 0 || !this.accepted || this.hungUp || this.farewell !== undefined || closing)
      return true;
    // A connection that has come to its end, and whose client does not read, is cut after frameTimeout.
    return this.unread && (this.asksNoMore || this.slow || this.maybeCut);
  }

  #askedOf(payload: string): Asked {
    if (payload === '"Unsubscribe"') return { kind: 'unsubscribe' };
    const id = /^\{"(?:Stop|Restart|Delete)":\{"name":"(\d+)/.exec(payload)?.[1];
    const request = id === undefined ? undefined : this.#ledger.requests[Number(id)];
    if (request) return { kind: 'request', request };
    return { kind: payload.startsWith('{"Subscribe"') ? 'subscribe' : 'malformed' };
  }

  #answer(answer: Answer): void {
    this.#world.count(answer.code ?? answer.kind);
    // Events that matched before may still follow.
    if (this.farewell !== undefined)
      this.#world.fail(`client ${this.client} was sent an answer after ${this.farewell}`);
    if (answer.code !== undefined && FAREWELLS.includes(answer.code)) {
      this.#farewell(answer);
      return;
    }
    const asked = this.#asked.shift();
    if (asked === undefined) {
      this.#world.fail(
        `client ${this.client} was sent an answer to nothing: ${answer.kind} ${answer.message}`,
      );
      return;
    }
    if (asked.kind === 'request') this.#ledger.answered(asked.request, answer);
    else if (asked.kind === 'malformed')
      this.#ledger.answeredOther('a malformed message', 'MESSAGE_INVALID', answer);
    else if (asked.kind === 'subscribe') this.#answerToSubscribe(answer);
    else this.#answerToUnsubscribe(answer);
  }

  #answerToSubscribe(answer: Answer): void {
    this.#ledger.answeredOther('Subscribe', 'Subscribed to events', answer);
    if (answer.kind === 'Error') return;
    this.current?.complete('before the next subscription');
    this.current = this.#begun.shift();
    if (this.current) this.told.push(this.current);
    else
      this.#world.fail(`Subscribe of client ${this.client} was answered, and the broker knows nothing of it`);
  }

  #answerToUnsubscribe(answer: Answer): void {
    this.#ledger.answeredOther('Unsubscribe', 'Unsubscribed from events', answer);
    if (answer.kind === 'Error') return;
    this.current?.complete('before the answer to Unsubscribe');
    this.current = undefined;
  }

  #event(type: string, data: { readonly n?: number; readonly dropped?: number }): void {
    if (!this.current) this.#world.fail(`client ${this.client} was sent ${type} without a subscription`);
    else if (type === 'events_dropped') this.#dropped(this.current, data.dropped ?? 0);
    else if (type !== 'heartbeat') this.current.event(data.n ?? -1);
    this.#world.count(type === 'events_dropped' || type === 'heartbeat' ? type : 'event');
  }

  #dropped(window: Window, events: number): void {
    this.#world.count('event dropped', events);
    window.notice(events);
  }

  #farewell({ code = '', message }: Answer): void {
    this.farewell = code;
    if (code === 'INTERNAL') this.#world.fail(`the daemon failed: ${message}`);
    if (code === 'SUBSCRIBER_TOO_SLOW' && !(this.maybeCut && this.unread))
      this.#world.fail(`client ${this.client}, which reads, was cut for not reading`);
    if (code === 'FRAME_TIMEOUT' && !this.slow)
      this.#world.fail(`client ${this.client}, which was not slow, was told that its frame took too long`);
    if (code === 'FRAME_TOO_LARGE' && !this.#mute)
      this.#world.fail(`client ${this.client}, which sent no large frame, was refused for one`);
    if (code === 'FRAME_TOO_LARGE' && this.open > 0)
      this.#world.fail(`client ${this.client} was refused with ${this.open} requests without an answer`);
  }
}
