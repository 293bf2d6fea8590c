// Reads what a followed file holds beyond the offset, after a look whether it is still the file that was read before.
import type { FileHandle } from 'node:fs/promises';
import { type Followed, startOver } from './followed.js';
import { NEWLINE, readBlock } from './tail.js';

const BLOCK = 64 * 1024;
/** A longer line is handed on in pieces of this size: six times it, escaped, still fits a frame. */
export const MAX_LINE = 1536 * 1024;

/**
 * A block from the offset on, or up to {@link MAX_LINE} of one line if that is longer. If the bytes before the offset
 * are not those that were read, the file was emptied and has grown again: then the block is from its start.
 */
export async function readUnread(followed: Followed, file: FileHandle, size: number): Promise<Buffer> {
  const known = followed.before.length;
  const block = await readBlock(file, (followed.offset ?? 0) - known, known + BLOCK);
  if (!block.subarray(0, known).equals(followed.before)) {
    startOver(followed);
    return readUnread(followed, file, size);
  }
  const start = followed.offset ?? 0;
  let bytes = block.subarray(known);
  while (!bytes.includes(NEWLINE) && bytes.length < MAX_LINE && start + bytes.length < size) {
    const wanted = Math.min(MAX_LINE - bytes.length, Math.max(bytes.length, BLOCK));
    const next = await readBlock(file, start + bytes.length, wanted);
    if (next.length === 0) break;
    bytes = Buffer.concat([bytes, next]);
  }
  return bytes;
}
