// Whether the frame that is being received grows: it may be the answer that a late request waits for.

/** The part of a frame decoder that tells of the frame under way. */
interface Decoder {
  /** Whether a part of a frame has come. */
  readonly midFrame: boolean;
  /** The bytes that have come. */
  readonly buffered: number;
}

export class FrameUnderWay {
  readonly #decoder: Decoder;
  /** The number of frames that came whole. */
  #whole = 0;
  #seen: { readonly frame: number; readonly bytes: number } | undefined;

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  /** A frame has come whole. */
  ended(): void {
    this.#whole += 1;
  }

  /**
   * Whether a frame is under way that was not seen before, or has grown since it was. After a frame that was seen has
   * come whole, this is false once: a stream of events, in which some frame is always under way, excuses nothing.
   */
  grows(): boolean {
    const { midFrame, buffered: bytes } = this.#decoder;
    const seen = this.#seen;
    const grows = midFrame && (seen === undefined || (seen.frame === this.#whole && bytes > seen.bytes));
    this.#seen = grows ? { frame: this.#whole, bytes } : undefined;
    return grows;
  }
}
