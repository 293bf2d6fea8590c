// Frames: a u32 little-endian length, then a payload of that length. Encoding and incremental decoding.
import { Buffer } from 'node:buffer';
import { IpcError } from './errors.js';

/** The size of the length prefix, in bytes. */
export const HEADER_BYTES = 4;

/** The largest payload that the original accepts, inclusive: 10 MiB. */
export const MAX_MESSAGE_SIZE = 10 * 1024 * 1024;

// Pieces of an unfinished frame that are smaller than this are gathered in a slab. So a peer that sends
// byte by byte does not cost a Buffer object (some 100 bytes) per byte.
const SMALL_PIECE = 4 * 1024;
const SLAB_BYTES = 64 * 1024;

/**
 * Encodes a payload as one frame in a buffer of exactly its size.
 *
 * @throws {IpcError} `FRAME_TOO_LARGE` past `maxMessageSize` bytes.
 */
export function encodeFrame(payload: string | Uint8Array, maxMessageSize: number = MAX_MESSAGE_SIZE): Buffer {
  const length = Buffer.byteLength(payload);
  if (length > maxMessageSize) throw frameTooLarge(length, maxMessageSize);
  // Not from the pool: when the buffer is transferred to another thread, the memory under it goes along.
  const frame = Buffer.allocUnsafeSlow(HEADER_BYTES + length);
  frame.writeUInt32LE(length, 0);
  if (typeof payload === 'string') frame.write(payload, HEADER_BYTES);
  else frame.set(payload, HEADER_BYTES);
  return frame;
}

/** The refusal of a length above the limit. Its wording is one that the original's peers recognise. */
export function frameTooLarge(length: number, maxMessageSize: number): IpcError {
  return new IpcError(
    'FRAME_TOO_LARGE',
    `Message size ${length} exceeds maximum allowed size ${maxMessageSize} bytes; send less at once`,
  );
}

/**
 * Finds frames in a stream of chunks of any size.
 *
 * Give each chunk to `push`, then call `next` until it returns `undefined` ("incomplete" is a value, not an
 * exception). A payload inside one chunk is a view of it, unless the chunk is itself a view of larger memory, which a kept
 * payload would keep; one that spans chunks is joined once, when its last byte has arrived. A header alone allocates nothing, and a length above the limit is refused
 * before any of its payload is kept.
 */
export class FrameDecoder {
  readonly #maxMessageSize: number;
  #pieces: Uint8Array[] = [];
  /** The offset of the first unread byte in the first piece. */
  #offset = 0;
  #buffered = 0;
  /** The payload length of the current frame, or -1 while its header is incomplete. */
  #length = -1;
  /** The used bytes of the slab that is the last piece; 0 if the last piece is not a slab. */
  #slab: Uint8Array | undefined;
  #slabUsed = 0;

  constructor(maxMessageSize: number = MAX_MESSAGE_SIZE) {
    this.#maxMessageSize = maxMessageSize;
  }

  /** The number of bytes held that do not belong to a delivered frame. */
  get buffered(): number {
    return this.#buffered;
  }

  /** Whether a frame has begun and is not complete; meaningful after `next` returned `undefined`. */
  get midFrame(): boolean {
    return this.#buffered > 0 || this.#length !== -1;
  }

  push(chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return;
    this.#buffered += chunk.byteLength;
    if (this.#pieces.length === 0 || chunk.byteLength >= SMALL_PIECE) {
      this.#pieces.push(chunk);
      this.#slab = undefined;
      return;
    }
    let rest = chunk;
    while (rest.byteLength > 0) {
      if (this.#slab === undefined || this.#slabUsed === this.#slab.byteLength) {
        this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
        this.#slabUsed = 0;
        this.#pieces.push(this.#slab.subarray(0, 0));
      }
      const taken = rest.subarray(0, this.#slab.byteLength - this.#slabUsed);
      this.#slab.set(taken, this.#slabUsed);
      this.#slabUsed += taken.byteLength;
      this.#pieces[this.#pieces.length - 1] = this.#slab.subarray(0, this.#slabUsed);
      rest = rest.subarray(taken.byteLength);
    }
  }

  /**
   * The next whole payload, or `undefined` while it is incomplete.
   *
   * @throws {IpcError} `FRAME_TOO_LARGE`; the rest of the stream cannot be decoded.
   */
  next(): Uint8Array | undefined {
    if (this.#length === -1) {
      if (this.#buffered < HEADER_BYTES) return undefined;
      const header = this.#take(HEADER_BYTES);
      const length = new DataView(header.buffer, header.byteOffset).getUint32(0, true);
      if (length > this.#maxMessageSize) throw frameTooLarge(length, this.#maxMessageSize);
      this.#length = length;
    }
    if (this.#buffered < this.#length) return undefined;
    const payload = this.#take(this.#length);
    this.#length = -1;
    return payload;
  }

  #take(count: number): Uint8Array {
    const first = this.#pieces[0];
    // Only a payload of no bytes is asked for when nothing is there.
    if (first === undefined) return new Uint8Array(0);
    this.#buffered -= count;
    if (first.byteLength - this.#offset >= count) {
      const view = first.subarray(this.#offset, this.#offset + count);
      // A slab is larger than the piece in it. A request waits for its answer, and is counted by its own bytes alone.
      const inSlab = first.byteLength < first.buffer.byteLength;
      this.#advance(count);
      return inSlab ? new Uint8Array(view) : view;
    }
    const joined = Buffer.allocUnsafeSlow(count);
    let filled = 0;
    let used = 0;
    for (const piece of this.#pieces) {
      const part = piece.subarray(this.#offset, this.#offset + count - filled);
      joined.set(part, filled);
      filled += part.byteLength;
      if (this.#offset + part.byteLength < piece.byteLength) {
        this.#offset += part.byteLength;
        break;
      }
      used += 1;
      this.#offset = 0;
    }
    this.#forget(used);
    return joined;
  }

  #advance(count: number): void {
    this.#offset += count;
    if (this.#offset < (this.#pieces[0]?.byteLength ?? 0)) return;
    this.#offset = 0;
    this.#forget(1);
  }

  /** Lets go of the first pieces, and of the slab with the last one: between frames nothing is held. */
  #forget(pieces: number): void {
    this.#pieces.splice(0, pieces);
    if (this.#pieces.length === 0) this.#slab = undefined;
  }
}
