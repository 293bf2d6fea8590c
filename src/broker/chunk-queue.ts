// Queues of what a writer has yet to send: responses as pieces of bytes, events as chunks that writers share.
import { Buffer } from 'node:buffer';

/** Whole frames of events and how many events they are; one object for all subscribers that get it. */
export interface EventChunk {
  readonly bytes: Uint8Array;
  readonly count: number;
  /** How many queues hold it: its memory is counted once. */
  holders: number;
}

/** A queue that gives up its head in constant time. */
export class Queue<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  peek(): T | undefined {
    return this.#items[this.#head];
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head += 1;
    // Moved up when half of it is gone, so that each item is moved once on average.
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  replaceLast(item: T): void {
    this.#items[this.#items.length - 1] = item;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let at = this.#head; at < this.#items.length; at += 1) yield this.#items[at] as T;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}

// A waiting piece smaller than this is copied: a view of a few bytes must not keep a whole batch alive.
const SMALL_PIECE = 4 * 1024;
const SLAB_BYTES = 16 * 1024;

/** Response bytes in order. */
export class ResponseQueue {
  readonly #pieces = new Queue<Uint8Array>();
  #bytes = 0;
  #slab: Buffer | undefined;
  #slabStart = 0;
  #slabUsed = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds whole frames. `waits`: they do not leave this turn, so a small view is copied. */
  push(frames: Uint8Array, waits: boolean): void {
    this.#bytes += frames.byteLength;
    if (!waits || frames.byteLength >= SMALL_PIECE) {
      this.#slab = undefined;
      this.#pieces.push(frames);
      return;
    }
    if (this.#slab && this.#slabUsed + frames.byteLength <= SLAB_BYTES && this.#pieces.length > 0) {
      this.#slab.set(frames, this.#slabUsed);
      this.#slabUsed += frames.byteLength;
      this.#pieces.replaceLast(this.#slab.subarray(this.#slabStart, this.#slabUsed));
      return;
    }
    if (!this.#slab || this.#slabUsed + frames.byteLength > SLAB_BYTES) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#slabUsed = 0;
    }
    this.#slabStart = this.#slabUsed;
    this.#slab.set(frames, this.#slabUsed);
    this.#slabUsed += frames.byteLength;
    this.#pieces.push(this.#slab.subarray(this.#slabStart, this.#slabUsed));
  }

  /** The next pieces, at most `limit` bytes unless the first alone is larger. */
  take(limit: number): Uint8Array[] {
    const taken: Uint8Array[] = [];
    let bytes = 0;
    for (let next = this.#pieces.peek(); next; next = this.#pieces.peek()) {
      if (taken.length > 0 && bytes + next.byteLength > limit) break;
      this.#pieces.shift();
      taken.push(next);
      bytes += next.byteLength;
    }
    this.#bytes -= bytes;
    // What was taken is on its way: the slab's last piece must not grow under it.
    if (this.#pieces.length === 0) this.#slab = undefined;
    return taken;
  }

  clear(): void {
    this.#pieces.clear();
    this.#bytes = 0;
    this.#slab = undefined;
  }
}
