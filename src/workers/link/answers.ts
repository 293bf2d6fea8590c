// A batch of answers on its way from a lane to main.
import { HEADER_BYTES } from '../../protocol/frames.js';
import { FrameJoiner } from './frame-joiner.js';
import { readRows, rowsBytes, writeRows } from './rows.js';

/**
 * The kinds of answers: a response frame, one of the two commands that main performs itself, or the response frame of a
 * command that ran past its deadline.
 */
export const ANSWER = { RESPONSE: 0, SUBSCRIBE: 1, UNSUBSCRIBE: 2, OVERRUN: 3 } as const;
export type AnswerKind = (typeof ANSWER)[keyof typeof ANSWER];

/** Collects a turn's answers. */
export class AnswerPacker {
  readonly #frames = new FrameJoiner();
  #rows: number[] = [];
  #count = 0;

  /** Bytes of the answers collected. */
  get bytes(): number {
    return this.#frames.bytes;
  }

  add(slot: number, sequence: number, kind: AnswerKind, text: string, size: number): void {
    this.#rows.push(slot, sequence, kind, HEADER_BYTES + size);
    this.#count += 1;
    this.#frames.add(text, size);
  }

  /** Returns the answers in one buffer, or undefined without answers, and empties the packer. */
  pack(): ArrayBuffer | undefined {
    if (this.#count === 0) return undefined;
    const packed = this.#frames.join(rowsBytes(this.#count)).buffer as ArrayBuffer;
    writeRows(packed, this.#rows);
    this.#rows = [];
    this.#count = 0;
    return packed;
  }
}

/** Reads a buffer of answers in order; each one's frame lies between `start` and `end`. */
export function unpackAnswers(
  buffer: ArrayBuffer,
  each: (slot: number, sequence: number, kind: AnswerKind, start: number, end: number) => void,
): void {
  readRows(buffer, (slot, sequence, kind, length, offset) => {
    each(slot, sequence, kind as AnswerKind, offset, offset + length);
  });
}
