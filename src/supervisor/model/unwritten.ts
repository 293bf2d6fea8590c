// How much of a log could not be written and is not told in it yet, as the file beside the FIFOs holds it.

export interface Unwritten {
  readonly lines: number;
  readonly bytes: number;
  /** Why, as the end of a sentence; empty when nothing is missing. */
  readonly why: string;
}

export const NOTHING: Unwritten = { lines: 0, bytes: 0, why: '' };

/** The size of the file in bytes: always the same, so that a full disk has room for another count. */
const LENGTH = 256;

export function encodeUnwritten(unwritten: Unwritten): Buffer {
  const file = Buffer.alloc(LENGTH, ' ');
  const text = (why: string): string => JSON.stringify({ ...unwritten, why });
  file.write(Buffer.byteLength(text(unwritten.why)) < LENGTH ? text(unwritten.why) : text('see daemon.log'));
  file.write('\n', LENGTH - 1);
  return file;
}

/** Nothing for a file that does not hold a count. */
export function decodeUnwritten(file: string): Unwritten {
  try {
    const { lines, bytes, why } = JSON.parse(file) as Partial<Unwritten>;
    if (!isCount(lines) || !isCount(bytes) || typeof why !== 'string') return NOTHING;
    return { lines, bytes, why };
  } catch {
    return NOTHING;
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
