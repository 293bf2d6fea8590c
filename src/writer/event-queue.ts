// The events that wait for one subscriber: chunks shared with other writers. Past a bound the oldest are dropped and counted.
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

export class EventQueue {
  readonly #chunks = new Queue<EventChunk>();
  readonly #onBytes: (delta: number) => void;
  #bytes = 0;
  /** Dropped events that the subscriber has not been told of. */
  #dropped = 0;

  /** @param onBytes The memory held has grown or shrunk. A chunk that several queues hold is counted once. */
  constructor(onBytes: (delta: number) => void) {
    this.#onBytes = onBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get empty(): boolean {
    return this.#chunks.length === 0;
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

  /** Drops whole chunks from the head until at most `bound` bytes or one chunk are left. Returns the number of events dropped. */
  dropTo(bound: number): number {
    let dropped = 0;
    while (this.#bytes > bound && this.#chunks.length > 1) dropped += this.#shift()?.count ?? 0;
    this.#dropped += dropped;
    return dropped;
  }

  /**
   * Takes the next chunks out: at most `limit` bytes, or one larger chunk. `count` is the number of their events.
   * If events were dropped before them, a notice with the number of those goes ahead.
   */
  take(limit: number): { readonly pieces: readonly Uint8Array[]; readonly count: number } {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    let count = 0;
    if (this.#dropped > 0) {
      const notice = encodeEvent(DROPPED_EVENT_TYPE, { dropped: this.#dropped });
      this.#dropped = 0;
      pieces.push(notice);
      bytes = notice.byteLength;
    }
    for (let next = this.#chunks.peek(); next; next = this.#chunks.peek()) {
      if (bytes > 0 && bytes + next.bytes.byteLength > limit) break;
      this.#shift();
      pieces.push(next.bytes);
      bytes += next.bytes.byteLength;
      count += next.count;
    }
    return { pieces, count };
  }

  /** Drops everything. Returns the number of events dropped. */
  clear(): number {
    let dropped = 0;
    for (let chunk = this.#shift(); chunk; chunk = this.#shift()) dropped += chunk.count;
    return dropped;
  }

  #shift(): EventChunk | undefined {
    const chunk = this.#chunks.shift();
    if (!chunk) return undefined;
    this.#bytes -= chunk.bytes.byteLength;
    chunk.holders -= 1;
    if (chunk.holders === 0) this.#onBytes(-chunk.bytes.byteLength);
    return chunk;
  }
}
