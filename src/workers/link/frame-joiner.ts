// Collects JSON texts and writes them as frames into one buffer of exactly their size.
import { Buffer } from 'node:buffer';
import { HEADER_BYTES } from '../../protocol/frames.js';

export class FrameJoiner {
  #texts: string[] = [];
  #sizes: number[] = [];
  #bytes = 0;

  /** Bytes of the frames collected, their headers included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a text; `size` is its size in UTF-8, which the caller knows. */
  add(text: string, size: number): void {
    this.#texts.push(text);
    this.#sizes.push(size);
    this.#bytes += HEADER_BYTES + size;
  }

  /** Returns the frames, behind `reserved` bytes for the caller to fill, and empties the joiner. */
  join(reserved = 0): Buffer {
    // A buffer that owns its memory alone, so that all of it, and nothing else, can be transferred.
    const joined = Buffer.allocUnsafeSlow(reserved + this.#bytes);
    let offset = reserved;
    for (let at = 0; at < this.#texts.length; at += 1) {
      const size = this.#sizes[at] ?? 0;
      joined.writeUInt32LE(size, offset);
      joined.write(this.#texts[at] ?? '', offset + HEADER_BYTES, size, 'utf8');
      offset += HEADER_BYTES + size;
    }
    this.#texts = [];
    this.#sizes = [];
    this.#bytes = 0;
    return joined;
  }
}
