// Finds the subscriptions that an event goes to: subscribers are grouped by filter, and matches are remembered by event type and app.
import { type EventFilter, filterPasses } from '../protocol/events.js';
import type { Writer } from '../writer/writer.js';

/** All subscribers with one filter: they get the same bytes. */
export interface Group {
  readonly key: string;
  readonly filter: EventFilter;
  readonly writers: Set<Writer>;
}

/** The number of pairs of event type and app whose matches are remembered. Past it all are forgotten and found again. */
const REMEMBERED = 4096;
/** The longest pair, in characters, that is remembered: a client may have chosen the app's name. */
const LONGEST_REMEMBERED = 256;

export class Router {
  readonly #groups = new Map<string, Group>();
  readonly #byWriter = new Map<Writer, Group>();
  readonly #matches = new Map<string, readonly Group[]>();

  get size(): number {
    return this.#byWriter.size;
  }

  get writers(): Iterable<Writer> {
    return this.#byWriter.keys();
  }

  groupOf(writer: Writer): Group | undefined {
    return this.#byWriter.get(writer);
  }

  /** Adds a writer. A writer has one filter at a time: another one replaces it. */
  add(writer: Writer, filter: EventFilter): void {
    this.remove(writer);
    const key = `${filter.kind} ${filter.appName === null ? '*' : `=${filter.appName}`}`;
    let group = this.#groups.get(key);
    if (!group) {
      group = { key, filter, writers: new Set() };
      this.#groups.set(key, group);
      this.#matches.clear();
    }
    group.writers.add(writer);
    this.#byWriter.set(writer, group);
  }

  remove(writer: Writer): void {
    const group = this.#byWriter.get(writer);
    if (!group) return;
    this.#byWriter.delete(writer);
    group.writers.delete(writer);
    if (group.writers.size > 0) return;
    this.#groups.delete(group.key);
    this.#matches.clear();
  }

  /** The groups whose filter passes the event. */
  match(eventType: string, appName: string | null): readonly Group[] {
    if (eventType.length + (appName?.length ?? 0) > LONGEST_REMEMBERED) return this.#find(eventType, appName);
    const key = `${eventType.length} ${eventType}${appName === null ? '' : `=${appName}`}`;
    let groups = this.#matches.get(key);
    if (!groups) {
      groups = this.#find(eventType, appName);
      if (this.#matches.size >= REMEMBERED) this.#matches.clear();
      this.#matches.set(key, groups);
    }
    return groups;
  }

  #find(eventType: string, appName: string | null): readonly Group[] {
    return [...this.#groups.values()].filter(({ filter }) => filterPasses(filter, eventType, appName));
  }
}
