// Finds a time in a file of records by halving it: a file of 10 GB takes some twenty looks.
import { HEADER_LENGTH, parseHeader } from './record.js';
import { BLOCK, type SegmentFile } from './segment-file.js';
import { NEWLINE, readBlock } from './tail.js';

/** How far, in bytes, a record is searched for. A line is cut into records that are shorter. */
const LOOK = 1024 * 1024;

/**
 * Where in a file a time is. Records before `low` are earlier. From `high` on they are not. Lines begin at both.
 *
 * @param time Milliseconds since the epoch.
 */
export async function seek(segment: SegmentFile, time: number): Promise<{ low: number; high: number }> {
  let low = 0;
  let high = segment.size;
  while (high - low > BLOCK) {
    const middle = low + Math.floor((high - low) / 2);
    const found = await nextRecord(segment, middle);
    if (!found || found.start >= high) {
      // The one line from the middle on begins before it.
      high = middle;
    } else if (found.time >= time) high = middle;
    else low = found.start;
  }
  return { low, high: (await nextRecord(segment, high))?.start ?? segment.size };
}

/** The first record that begins after the offset. */
async function nextRecord(
  { file, size }: SegmentFile,
  offset: number,
): Promise<{ start: number; time: number } | undefined> {
  for (let wanted = BLOCK / 4; wanted <= LOOK; wanted *= 4) {
    const bytes = await readBlock(file, offset, Math.min(wanted, Math.max(0, size - offset)));
    for (let newline = bytes.indexOf(NEWLINE); newline >= 0; newline = bytes.indexOf(NEWLINE, newline + 1)) {
      const header = parseHeader(bytes.subarray(newline + 1, newline + 1 + HEADER_LENGTH));
      if (header) return { start: offset + newline + 1, time: header.time };
    }
    if (bytes.length < wanted) return undefined;
  }
  return undefined;
}
