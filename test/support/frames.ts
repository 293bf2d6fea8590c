// Frames put together and taken apart by code of the tests' own.

/** One frame: u32 little-endian length, then the payload. */
export function frame(payload: string | Uint8Array): Buffer {
  const body = Buffer.from(payload);
  const header = Buffer.alloc(4);
  header.writeUInt32LE(body.length);
  return Buffer.concat([header, body]);
}

/** Takes frames apart by a decoder of the tests' own, so that no fault of the library's hides behind itself. */
export class FrameReader {
  #held: Buffer[] = [];
  #bytes = 0;
  /** The number of bytes that a whole frame needs at least. */
  #needed = 4;

  /** Whether a part of a frame came after the last whole one. */
  get midFrame(): boolean {
    return this.#bytes > 0;
  }

  /** The payloads that are whole with this chunk, as JSON. */
  push(chunk: Buffer): unknown[] {
    this.#held.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#needed) return [];
    const frames: unknown[] = [];
    let rest = Buffer.concat(this.#held);
    for (this.#needed = 4; rest.length >= 4; this.#needed = 4) {
      this.#needed = 4 + rest.readUInt32LE(0);
      if (rest.length < this.#needed) break;
      frames.push(JSON.parse(rest.toString('utf8', 4, this.#needed)));
      rest = rest.subarray(this.#needed);
    }
    this.#held = [rest];
    this.#bytes = rest.length;
    return frames;
  }
}
