// One subscriber's events that wait: chunks shared with other writers, the oldest dropped past a bound, their number told.
import { DROPPED_EVENT_TYPE, encodeEvent, HEARTBEAT_EVENT_TYPE } from '../protocol/events.js';
import { Queue } from '../queue.js';
import type { EventChunk } from './chunk-queue.js';

const HEARTBEAT = encodeEvent(HEARTBEAT_EVENT_TYPE, {});

export class EventQueue {
  readonly #chunks = new Queue<EventChunk>();
  readonly #onBytes: (delta: number) => void;
  #bytes = 0;
  /** Events dropped that the subscriber has not been told of. */
  #dropped = 0;

  /** @param onBytes The memory held has grown or shrunk; a chunk that several queues hold is counted once. */
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

  /** Counts as no event: nobody misses one that is dropped. */
  pushHeartbeat(): void {
    this.push({ bytes: HEARTBEAT, count: 0, holders: 0 });
  }

  /**
   * Drops whole chunks from the head until at most `bound` bytes are left; one larger chunk is kept when it is alone.
   * Returns how many events went.
   */
  dropTo(bound: number): number {
    let dropped = 0;
    while (this.#bytes > bound && this.#chunks.length > 1) dropped += this.#shift()?.count ?? 0;
    this.#dropped += dropped;
    return dropped;
  }

  /**
   * The next chunks, at most `limit` bytes unless the first alone is larger, and how many events they are. Ahead of them goes
   * the notice of what was dropped before them, its number fixed now that it is written.
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

  clear(): void {
    while (this.#shift());
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
