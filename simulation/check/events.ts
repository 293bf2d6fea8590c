// What events each subscription must see: the order in which the broker took events in, and a window of it for each subscription.
import type { World } from '../virtual/world.js';

export interface Filter {
  readonly kind: string;
  readonly appName: string | null;
}

interface Taken {
  readonly type: string;
  readonly app: string | null;
  readonly id: number;
}

const STATUS = [
  'status_change',
  'process_started',
  'process_exited',
  'process_crashed',
  'process_restarting',
];

/** Every event that the broker was given, in order. */
export class EventOrder {
  readonly #taken: Taken[] = [];
  readonly #places = new Map<number, number>();

  get length(): number {
    return this.#taken.length;
  }

  take(type: string, app: string | null, id: number): void {
    this.#places.set(id, this.#taken.length);
    this.#taken.push({ type, app, id });
  }

  placeOf(id: number): number | undefined {
    return this.#places.get(id);
  }

  /** How many events from one place to another a filter passes. */
  count(filter: Filter, from: number, to: number): number {
    let count = 0;
    for (let at = from; at < to; at += 1) if (passes(filter, this.#taken[at] as Taken)) count += 1;
    return count;
  }

  passes(filter: Filter, place: number): boolean {
    const taken = this.#taken[place];
    return taken !== undefined && passes(filter, taken);
  }
}

function passes({ kind, appName }: Filter, { type, app }: Taken): boolean {
  if (appName !== null && appName !== app) return false;
  return kind === 'AllEvents' || (kind === 'LogEvents' ? type === 'log_line' : STATUS.includes(type));
}

/** The events of one subscription, as they are sent. */
export class Window {
  readonly #world: World;
  readonly #order: EventOrder;
  readonly filter: Filter;
  readonly start: number;
  /** The place behind its last event, once the subscription is over. */
  end: number | undefined;
  #at: number;
  #told = 0;

  constructor(world: World, order: EventOrder, filter: Filter, start: number) {
    this.#world = world;
    this.#order = order;
    this.filter = filter;
    this.start = start;
    this.#at = start;
  }

  /** Events that matched until now. */
  get matched(): number {
    return this.#order.count(this.filter, this.start, this.end ?? this.#order.length);
  }

  event(id: number): void {
    const place = this.#order.placeOf(id);
    if (place === undefined) this.#world.fail(`event ${id} was sent, and nobody published it`);
    else if (place < this.#at)
      this.#world.fail(`event ${id} was sent twice, too late, or before its subscription`);
    else if (this.end !== undefined && place >= this.end)
      this.#world.fail(`event ${id} was sent after its subscription`);
    else if (!this.#order.passes(this.filter, place))
      this.#world.fail(`event ${id} does not match its subscription`);
    else {
      this.#compare(place, `before event ${id}`);
      this.#at = place + 1;
    }
  }

  notice(dropped: number): void {
    if (!(dropped > 0)) this.#world.fail(`a notice of ${dropped} dropped events`);
    this.#told += dropped;
  }

  /** No event will be sent any more: all that matched were sent, or told as dropped. */
  complete(where: string): void {
    const end = this.end ?? this.#order.length;
    this.#compare(end, where);
    this.#at = Math.max(this.#at, end);
  }

  /** Whether something that matched was neither sent nor told. */
  get incomplete(): boolean {
    return this.#order.count(this.filter, this.#at, this.end ?? this.#order.length) !== this.#told;
  }

  #compare(to: number, where: string): void {
    const missing = this.#order.count(this.filter, this.#at, to);
    if (missing !== this.#told)
      this.#world.fail(
        `${missing} matching events were not sent ${where}, and ${this.#told} were told as dropped`,
      );
    this.#told = 0;
  }
}
