// The end of a file, read from its end: the last lines of a log of any size.
import { type FileHandle, open } from 'node:fs/promises';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BLOCK = 64 * 1024;

/** The last lines of a file. */
export interface Tail {
  readonly lines: string[];
  /** Where in the file they end: what is written from here on is not among them. */
  readonly end: number;
}

/** A line's text: without the end of line, and with U+FFFD for bytes that are no UTF-8. */
export function lineText(bytes: Buffer): string {
  const end = bytes.at(-1) === RETURN ? bytes.length - 1 : bytes.length;
  return bytes.toString('utf8', 0, end);
}

/**
 * Reads the last `count` lines of a file, a last one without a newline included, but no more than `maxBytes` of
 * it; a line that is cut by that bound is left out. A file that is not there has no lines.
 */
export async function readTail(path: string, count: number, maxBytes: number): Promise<Tail> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { lines: [], end: 0 };
    throw error;
  }
  try {
    const { size } = await file.stat();
    if (count === 0) return { lines: [], end: size };
    const blocks: Buffer[] = [];
    let at = size;
    let newlines = 0;
    let bytes = 0;
    // One newline more than lines: the one before the first of them. A newline at the very end ends the last.
    while (at > 0 && newlines <= count && bytes < maxBytes) {
      const length = Math.min(BLOCK, at, maxBytes - bytes);
      const block = await readBlock(file, at - length, length);
      for (const byte of block) if (byte === NEWLINE) newlines += 1;
      blocks.unshift(block);
      at -= length;
      bytes += length;
    }
    const all = Buffer.concat(blocks);
    const lines = splitLines(all, at > 0);
    return { lines: lines.slice(-count).map(lineText), end: size };
  } finally {
    await file.close();
  }
}

/** Where the line begins in which a file ends: after its last newline, or `size` when that is its last byte. */
export async function lastLineStart(file: FileHandle, size: number): Promise<number> {
  for (let at = size; at > 0;) {
    const length = Math.min(BLOCK, at);
    const block = await readBlock(file, at - length, length);
    const newline = block.lastIndexOf(NEWLINE);
    if (newline >= 0) return at - length + newline + 1;
    at -= length;
    // A line longer than this is followed from here.
    if (size - at > 16 * BLOCK) return at;
  }
  return 0;
}

export async function readBlock(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function splitLines(bytes: Buffer, cut: boolean): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  if (cut) {
    const first = bytes.indexOf(NEWLINE);
    start = first < 0 ? bytes.length : first + 1;
  }
  for (let end = bytes.indexOf(NEWLINE, start); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  if (start < bytes.length) lines.push(bytes.subarray(start));
  return lines;
}
