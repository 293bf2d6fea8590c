// The responses that one connection's writer has yet to send, as pieces of bytes.
import { Buffer } from 'node:buffer';
import { Queue } from '../queue.js';

/** Waiting pieces smaller than this many bytes are gathered in a slab. */
const SMALL_PIECE = 4 * 1024;
const SLAB_BYTES = 16 * 1024;
/** A piece that leaves at once may keep this many other bytes of its buffer alive. */
const SPARE_BYTES = 256 * 1024;

/** Response bytes in order, and whether their bound is reached. */
export class ResponseQueue {
  readonly #highWater: number;
  readonly #pieces = new Queue<Uint8Array>();
  #waiting = 0;
  #underWay = 0;
  #congested = false;
  #slab: Buffer | undefined;
  #slabStart = 0;
  #slabUsed = 0;

  /** @param highWater Bytes at which the queue is congested, until half of them have left. */
  constructor(highWater: number) {
    this.#highWater = highWater;
  }

  get empty(): boolean {
    return this.#waiting === 0;
  }

  /** Bytes that have not left, including those under way. */
  get bytes(): number {
    return this.#waiting + this.#underWay;
  }

  /** Whether the bound is reached; true until half of it has drained. */
  get congested(): boolean {
    return this.#congested;
  }

  /** Adds whole frames. With `waits`, they do not leave in this turn, and are copied out of a larger buffer. */
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

  /** Puts the next pieces under way: at most `limit` bytes, or one larger piece. */
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
    // The last piece of the slab is under way now, and must not grow.
    if (this.#pieces.length === 0) this.#slab = undefined;
    return taken;
  }

  /** The pieces under way have left. Returns their bytes, and whether that ended a congestion. */
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
 * The same bytes, copied if they would keep more than `spare` other bytes alive. An answer of a few bytes is a view
 * of all answers that its lane sent in one message; a client that does not read must not keep that message alive.
 */
function detached(frames: Uint8Array, spare: number): Uint8Array {
  if (frames.buffer.byteLength - frames.byteLength <= spare) return frames;
  const copy = Buffer.allocUnsafeSlow(frames.byteLength);
  copy.set(frames);
  return copy;
}
