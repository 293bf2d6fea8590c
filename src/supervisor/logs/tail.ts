// The lines in bytes of a file.
import type { FileHandle } from 'node:fs/promises';

export const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BLOCK = 64 * 1024;

/** The text of a line: without its line end, and with U+FFFD for bytes that are not UTF-8. */
export function lineText(bytes: Buffer): string {
  const end = bytes.at(-1) === RETURN ? bytes.length - 1 : bytes.length;
  return bytes.toString('utf8', 0, end);
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
