// The layout of a batch of commands on its way to a lane and of a batch of answers on its way back.
import { Buffer } from 'node:buffer';

/** Payloads past this lie in shared memory of their own and are not copied into the batch. */
const LARGE_BYTES = 64 * 1024;

/** A command as it goes to a lane. */
export interface BatchEntry {
  readonly slot: number;
  readonly sequence: number;
  readonly connectionId: number;
  readonly payload: Uint8Array;
}

/** One buffer of its own size (an index, then the payloads) and the large payloads beside it. */
export interface Batch {
  readonly buffer: ArrayBuffer;
  readonly large: SharedArrayBuffer[];
}

const FIELDS = 4;
const WORD = Int32Array.BYTES_PER_ELEMENT;

/** Packs commands for one call. */
export function packBatch(entries: readonly BatchEntry[]): Batch {
  const start = (1 + FIELDS * entries.length) * WORD;
  let size = start;
  for (const { payload } of entries) if (payload.byteLength <= LARGE_BYTES) size += payload.byteLength;
  const bytes = rightSized(size);
  const index = new Int32Array(bytes.buffer, 0, 1 + FIELDS * entries.length);
  const large: SharedArrayBuffer[] = [];
  index[0] = entries.length;
  let at = 1;
  let offset = start;
  for (const { slot, sequence, connectionId, payload } of entries) {
    index[at] = slot;
    index[at + 1] = sequence;
    index[at + 2] = connectionId;
    if (payload.byteLength > LARGE_BYTES) {
      large.push(shareLarge(payload).buffer as SharedArrayBuffer);
      index[at + 3] = -large.length;
    } else {
      index[at + 3] = payload.byteLength;
      bytes.set(payload, offset);
      offset += payload.byteLength;
    }
    at += FIELDS;
  }
  return { buffer: bytes.buffer as ArrayBuffer, large };
}

/** Reads a batch; the payloads are views of it. */
export function unpackBatch({ buffer, large }: Batch): BatchEntry[] {
  const count = new Int32Array(buffer, 0, 1)[0] ?? 0;
  const index = new Int32Array(buffer, 0, 1 + FIELDS * count);
  const entries: BatchEntry[] = [];
  let offset = index.byteLength;
  for (let at = 1; at < index.length; at += FIELDS) {
    const length = index[at + 3] ?? 0;
    const shared = length < 0 ? large[-length - 1] : undefined;
    const payload = shared ? new Uint8Array(shared) : new Uint8Array(buffer, offset, length);
    if (length > 0) offset += length;
    entries.push({
      slot: index[at] ?? 0,
      sequence: index[at + 1] ?? 0,
      connectionId: index[at + 2] ?? 0,
      payload,
    });
  }
  return entries;
}

/** A payload that is to lie in shared memory, so that no side needs a copy; any other as it is. */
export function shareLarge(payload: Uint8Array): Uint8Array {
  if (payload.byteLength <= LARGE_BYTES || payload.buffer instanceof SharedArrayBuffer) return payload;
  const shared = new Uint8Array(new SharedArrayBuffer(payload.byteLength));
  shared.set(payload);
  return shared;
}

/** A buffer that owns its memory alone, so that all of it, and nothing else, can be transferred. */
function rightSized(size: number): Buffer {
  return Buffer.allocUnsafeSlow(size);
}

/** What an answer is: a response frame, or one of the two commands that main performs itself. */
export const ANSWER = { RESPONSE: 0, SUBSCRIBE: 1, UNSUBSCRIBE: 2 } as const;
export type AnswerKind = (typeof ANSWER)[keyof typeof ANSWER];

/** Collects JSON texts and writes them as frames into one buffer of exactly their size. */
export class FrameJoiner {
  #texts: string[] = [];
  #sizes: number[] = [];
  #bytes = 0;

  /** Bytes of the frames collected, their headers included. */
  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#texts.length;
  }

  /** Adds a text of which the caller knows the size in UTF-8. */
  add(text: string, size: number): void {
    this.#texts.push(text);
    this.#sizes.push(size);
    this.#bytes += 4 + size;
  }

  /** The frames after `reserved` bytes left for the caller; empties the joiner. */
  join(reserved = 0): Buffer {
    const joined = rightSized(reserved + this.#bytes);
    let offset = reserved;
    for (let at = 0; at < this.#texts.length; at += 1) {
      const size = this.#sizes[at] ?? 0;
      joined.writeUInt32LE(size, offset);
      joined.write(this.#texts[at] ?? '', offset + 4, size, 'utf8');
      offset += 4 + size;
    }
    this.#texts = [];
    this.#sizes = [];
    this.#bytes = 0;
    return joined;
  }
}

/** Collects a turn's answers. */
export class AnswerPacker {
  readonly #frames = new FrameJoiner();
  #index: number[] = [];

  get bytes(): number {
    return this.#frames.bytes;
  }

  add(slot: number, sequence: number, kind: AnswerKind, text: string, size: number): void {
    this.#index.push(slot, sequence, kind, 4 + size);
    this.#frames.add(text, size);
  }

  /** One buffer (an index, then the frames), or undefined without answers; empties the packer. */
  pack(): ArrayBuffer | undefined {
    if (this.#index.length === 0) return undefined;
    const index = Int32Array.of(this.#index.length / FIELDS, ...this.#index);
    const packed = this.#frames.join(index.byteLength);
    packed.set(new Uint8Array(index.buffer), 0);
    this.#index = [];
    return packed.buffer as ArrayBuffer;
  }
}

/** Reads a buffer of answers, in order; `frame` of the callback is where the frame lies in it. */
export function unpackAnswers(
  buffer: ArrayBuffer,
  each: (slot: number, sequence: number, kind: AnswerKind, start: number, end: number) => void,
): void {
  const count = new Int32Array(buffer, 0, 1)[0] ?? 0;
  const index = new Int32Array(buffer, 0, 1 + FIELDS * count);
  let offset = index.byteLength;
  for (let at = 1; at < index.length; at += FIELDS) {
    const length = index[at + 3] ?? 0;
    each(index[at] ?? 0, index[at + 1] ?? 0, (index[at + 2] ?? 0) as AnswerKind, offset, offset + length);
    offset += length;
  }
}
