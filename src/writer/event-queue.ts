// The events that wait for one subscriber: chunks shared with other writers. Past a bound events are dropped and counted.
import { DROPPED_EVENT_TYPE, encodeEvent, HEARTBEAT_EVENT_TYPE } from '../protocol/events.js';
import { Queue } from '../queue.js';

/** Whole frames of events, and their number. All subscribers that get the chunk share one object. */
export interface EventChunk {
  readonly bytes: Uint8Array;
  /** The number of events. */
  readonly count: number;
  /** The number of queues that hold the chunk, so that its memory is counted once. */
  holders: number;
}

const HEARTBEAT = encodeEvent(HEARTBEAT_EVENT_TYPE, {});

/** Events that were dropped, and the chunk before which they stood. */
interface Gap {
  /** Number of that chunk, counted from the queue's first. */
  readonly before: number;
  dropped: number;
}

export class EventQueue {
  readonly #chunks = new Queue<EventChunk>();
  readonly #gaps = new Queue<Gap>();
  readonly #onBytes: (delta: number) => void;
  #lastGap: Gap | undefined;
  #bytes = 0;
  /** Number of the head chunk. */
  #first = 0;
  /** Events dropped from the head that the subscriber has not been told about. */
  #dropped = 0;

  /** @param onBytes The memory held has grown or shrunk. A chunk that several queues hold is counted once. */
  constructor(onBytes: (delta: number) => void) {
    this.#onBytes = onBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether nothing waits: no event, and no notice of dropped events. */
  get empty(): boolean {
    return this.#chunks.length === 0 && this.#gaps.length === 0;
  }

  push(chunk: EventChunk): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.bytes.byteLength;
    chunk.holders += 1;
    if (chunk.holders === 1) this.#onBytes(chunk.bytes.byteLength);
  }

  /** A heartbeat does not count as an event: a subscriber misses nothing when one is dropped. */
  pushHeartbeat(): void {
    this.push({ bytes: HEARTBEAT, count: 0, holders: 0 });
  }

  /** Whether a chunk of this size keeps the queue within the bound. Into an empty queue any chunk is taken. */
  fits(bytes: number, bound: number): boolean {
    return this.#chunks.length === 0 || this.#bytes + bytes <= bound;
  }

  /** Drops whole chunks from the head until at most `bound` bytes or one chunk are left. Returns the number of events dropped. */
  dropTo(bound: number): number {
    let dropped = 0;
    while (this.#bytes > bound && this.#chunks.length > 1) {
      this.#dropped += this.#gapAtHead();
      dropped += this.#shift()?.count ?? 0;
    }
    this.#dropped += dropped;
    return dropped;
  }

  /** Drops events in place of queueing them. */
  dropNewest(count: number): void {
    const before = this.#first + this.#chunks.length;
    const last = this.#lastGap;
    if (last?.before === before && this.#gaps.length > 0) last.dropped += count;
    else this.#gaps.push((this.#lastGap = { before, dropped: count }));
  }

  /**
   * Takes the next chunks out: at most `limit` bytes, or one larger chunk. `count` is the number of their events.
   * Where events were dropped, a notice in their place has their number.
   */
  take(limit: number): { readonly pieces: readonly Uint8Array[]; readonly count: number } {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    let count = 0;
    const add = (piece: Uint8Array): void => {
      pieces.push(piece);
      bytes += piece.byteLength;
    };
    for (;;) {
      const dropped = this.#dropped + this.#gapAtHead();
      this.#dropped = 0;
      if (dropped > 0) add(encodeEvent(DROPPED_EVENT_TYPE, { dropped }));
      const next = this.#chunks.peek();
      if (!next || (bytes > 0 && bytes + next.bytes.byteLength > limit)) break;
      this.#shift();
      add(next.bytes);
      count += next.count;
    }
    return { pieces, count };
  }

  /** Drops everything, and makes no notice. Returns the number of events dropped. */
  clear(): number {
    let dropped = 0;
    for (let next = this.#shift(); next; next = this.#shift()) dropped += next.count;
    this.#gaps.clear();
    this.#dropped = 0;
    return dropped;
  }

  /** Removes the gap before the head chunk; the number of its events. */
  #gapAtHead(): number {
    return this.#gaps.peek()?.before === this.#first ? (this.#gaps.shift()?.dropped ?? 0) : 0;
  }

  #shift(): EventChunk | undefined {
    const chunk = this.#chunks.shift();
    if (!chunk) return undefined;
    this.#first += 1;
    this.#bytes -= chunk.bytes.byteLength;
    chunk.holders -= 1;
    if (chunk.holders === 0) this.#onBytes(-chunk.bytes.byteLength);
    return chunk;
  }
}
