// Finds frames in a stream, apart from the library's own decoder, which is one of the things that are checked.

export class Frames {
  #bytes = Buffer.alloc(0);

  /** Bytes of a frame that is not whole yet. */
  get rest(): number {
    return this.#bytes.length;
  }

  /** Takes bytes and returns the payloads of the frames that are whole now; a length past `most` is returned as undefined, at the end. */
  push(bytes: Uint8Array, most: number): (string | undefined)[] {
    this.#bytes = this.#bytes.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#bytes, bytes]);
    const payloads: (string | undefined)[] = [];
    let offset = 0;
    while (this.#bytes.length - offset >= 4) {
      const length = this.#bytes.readUInt32LE(offset);
      if (length > most) return [...payloads, undefined];
      if (this.#bytes.length - offset < 4 + length) break;
      payloads.push(this.#bytes.toString('utf8', offset + 4, offset + 4 + length));
      offset += 4 + length;
    }
    this.#bytes = this.#bytes.subarray(offset);
    return payloads;
  }
}

/** A frame with this payload. */
export function frameOf(payload: string): Buffer {
  const frame = Buffer.alloc(4 + Buffer.byteLength(payload));
  frame.writeUInt32LE(frame.length - 4);
  frame.write(payload, 4);
  return frame;
}
