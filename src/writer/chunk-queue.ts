// Queues of what a writer has yet to send: responses as pieces of bytes, events as chunks that writers share.
import { Buffer } from 'node:buffer';
import { Queue } from '../queue.js';

/** Whole frames of events and how many events they are; one object for all subscribers that get it. */
export interface EventChunk {
  readonly bytes: Uint8Array;
  readonly count: number;
  /** How many queues hold it: its memory is counted once. */
  holders: number;
}

/** Waiting pieces smaller than this are gathered in a slab. */
const SMALL_PIECE = 4 * 1024;
const SLAB_BYTES = 16 * 1024;
/** Bytes that a piece on its way may keep alive beside itself. */
const SPARE_BYTES = 256 * 1024;

/** Response bytes in order, and whether as many are here as may be. */
export class ResponseQueue {
  readonly #highWater: number;
  readonly #pieces = new Queue<Uint8Array>();
  #waiting = 0;
  #underWay = 0;
  #congested = false;
  #slab: Buffer | undefined;
  #slabStart = 0;
  #slabUsed = 0;

  /** @param highWater Bytes at which it is congested, until they have drained to half of it. */
  constructor(highWater: number) {
    this.#highWater = highWater;
  }

  get empty(): boolean {
    return this.#waiting === 0;
  }

  /** Bytes that have not left, those under way included. */
  get bytes(): number {
    return this.#waiting + this.#underWay;
  }

  get congested(): boolean {
    return this.#congested;
  }

  /** Adds whole frames. `waits`: they do not leave this turn, so they are copied out of a buffer they are a small part of. */
  push(frames: Uint8Array, waits: boolean): void {
    this.#waiting += frames.byteLength;
    if (this.bytes >= this.#highWater) this.#congested = true;
    if (!waits || frames.byteLength >= SMALL_PIECE) {
      this.#slab = undefined;
      this.#pieces.push(detached(frames, waits ? frames.byteLength : SPARE_BYTES));
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

  /** Puts the next pieces under way, at most `limit` bytes unless the first alone is larger. */
  take(limit: number): Uint8Array[] {
    const taken: Uint8Array[] = [];
    let bytes = 0;
    for (let next = this.#pieces.peek(); next; next = this.#pieces.peek()) {
      if (taken.length > 0 && bytes + next.byteLength > limit) break;
      this.#pieces.shift();
      taken.push(next);
      bytes += next.byteLength;
    }
    this.#waiting -= bytes;
    this.#underWay += bytes;
    // What was taken is on its way: the slab's last piece must not grow under it.
    if (this.#pieces.length === 0) this.#slab = undefined;
    return taken;
  }

  /** What was under way has left: how many bytes, and whether that ended a congestion. */
  left(): { readonly bytes: number; readonly relieved: boolean } {
    const bytes = this.#underWay;
    this.#underWay = 0;
    const relieved = this.#congested && this.#waiting <= this.#highWater / 2;
    if (relieved) this.#congested = false;
    return { bytes, relieved };
  }

  clear(): void {
    this.#pieces.clear();
    this.#waiting = 0;
    this.#underWay = 0;
    this.#slab = undefined;
  }
}

/**
 * The same bytes, in memory of their own if they would keep more than `spare` other bytes alive: an answer of a few
 * bytes that a client does not read is a view of all that its lane had to say in that turn.
 */
function detached(frames: Uint8Array, spare: number): Uint8Array {
  if (frames.buffer.byteLength - frames.byteLength <= spare) return frames;
  const copy = Buffer.allocUnsafeSlow(frames.byteLength);
  copy.set(frames);
  return copy;
}
