// The last lines of a log of any size, read from its end.
import { type FileHandle, open } from 'node:fs/promises';

export const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BLOCK = 64 * 1024;

/** The last lines of a file. */
export interface Tail {
  readonly lines: string[];
  /** Where in the file they end: later output is not among them. */
  readonly end: number;
}

/** The text of a line: without its line end, and with U+FFFD for bytes that are not UTF-8. */
export function lineText(bytes: Buffer): string {
  const end = bytes.at(-1) === RETURN ? bytes.length - 1 : bytes.length;
  return bytes.toString('utf8', 0, end);
}

/**
 * Reads the last `count` lines of a file, including a last one without a newline, but no more than `maxBytes` of it. A
 * line that is cut by that bound is left out. A file that is not there has no lines.
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
    // One newline more than lines, because one ends the line before the first. A newline at the very end ends the last line.
    while (at > 0 && newlines <= count && bytes < maxBytes) {
      const length = Math.min(BLOCK, at, maxBytes - bytes);
      const block = await readBlock(file, at - length, length);
      for (const byte of block) if (byte === NEWLINE) newlines += 1;
      blocks.unshift(block);
      at -= length;
      bytes += length;
    }
    const all = Buffer.concat(blocks);
    const { lines, rest } = linesOf(all);
    // What begins before the bytes that were read is not whole.
    if (at > 0) lines.shift();
    if (rest.length > 0 && (at === 0 || all.includes(NEWLINE))) lines.push(rest);
    return { lines: lines.slice(-count).map(lineText), end: size };
  } finally {
    await file.close();
  }
}

/** Where the last line of a file begins: after its last newline, which may be at its end. */
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

/** The lines that end in these bytes, without their newlines, and what follows the last newline. */
export function linesOf(bytes: Buffer): { lines: Buffer[]; rest: Buffer } {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return { lines, rest: bytes.subarray(start) };
}
