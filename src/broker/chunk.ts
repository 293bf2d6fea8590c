// Joins runs of events into one chunk that many writers share.
import { Buffer } from 'node:buffer';
import type { EventRun } from '../protocol/events.js';
import type { EventChunk } from '../writer/event-queue.js';

/** The chunk has memory of its own: a view of one turn's events would keep all of them alive. */
export function chunkOf(runs: readonly EventRun[]): EventChunk {
  const [first] = runs;
  const count = runs.reduce((sum, run) => sum + run.count, 0);
  if (first && runs.length === 1 && first.bytes.byteLength === first.bytes.buffer.byteLength) {
    return { bytes: first.bytes, count, holders: 0 };
  }
  const bytes = Buffer.allocUnsafeSlow(runs.reduce((sum, run) => sum + run.bytes.byteLength, 0));
  let offset = 0;
  for (const run of runs) {
    bytes.set(run.bytes, offset);
    offset += run.bytes.byteLength;
  }
  return { bytes, count, holders: 0 };
}
