// The records that a lane in a process writes of what it begins, and main's reading of them.
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RecordedState, RecordReader } from '#dist/workers/link/claim-records.js';
import { SharedState, SLOTS } from '#dist/workers/link/claims.js';
import { temporaryDirectory } from '../../support/daemon.js';

/** Main's state with its reader, and how often it was told of a batch. */
function reading() {
  const shared = new SharedState();
  const told = { batches: 0 };
  return { shared, told, reader: new RecordReader(shared, () => (told.batches += 1)) };
}

const record = (slot: number, sequence: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeInt32LE(slot);
  bytes.writeInt32LE(sequence, 4);
  return bytes;
};

describe('the records of a lane in a process', () => {
  test('tell main which commands it has begun and how many batches it has taken in', () => {
    const file = join(temporaryDirectory(), 'records');
    const lane = new RecordedState(openSync(file, 'w'));
    expect([lane.claim(0, 7), lane.tookBatch(), lane.claim(SLOTS - 1, 8)]).toEqual([true, false, true]);
    const { shared, told, reader } = reading();
    shared.offer(0, 7);
    shared.offer(SLOTS - 1, 8);
    shared.offer(1, 9);
    shared.awaitBatch();
    const written = readFileSync(file);
    expect(written).toHaveLength(24);
    reader.read(written);
    expect([shared.claimed(0, 7), shared.claimed(SLOTS - 1, 8), shared.claimed(1, 9)]).toEqual([
      true,
      true,
      false,
    ]);
    expect([shared.batchesUnderWay(1), told.batches]).toEqual([0, 1]);
  });

  test('tell main of a batch only if main waits for one', () => {
    const { shared, told, reader } = reading();
    reader.read(record(-1, 0));
    expect([shared.batchesUnderWay(1), told.batches]).toEqual([0, 0]);
  });

  test('are read however the stream is cut', () => {
    const bytes = Buffer.concat([record(1, 10), record(2, 20), record(3, 30)]);
    for (let size = 1; size <= bytes.length; size += 1) {
      const { shared, reader } = reading();
      for (const [slot, sequence] of [
        [1, 10],
        [2, 20],
        [3, 30],
      ] as const)
        shared.offer(slot, sequence);
      // One buffer for every piece, as a stream may use it again.
      const piece = Buffer.alloc(size);
      for (let at = 0; at < bytes.length; at += size) {
        const length = bytes.copy(piece, 0, at);
        reader.read(piece.subarray(0, length));
        piece.fill(0xff);
      }
      expect([shared.claimed(1, 10), shared.claimed(2, 20), shared.claimed(3, 30)]).toEqual([
        true,
        true,
        true,
      ]);
    }
  });

  test('that name a slot that does not exist change nothing', () => {
    const { shared, reader } = reading();
    shared.beat();
    const before = Buffer.from(new Uint8Array(shared.memory).slice());
    // Eight words before the first slot lies the counter of the loop's turns.
    for (const slot of [-8, -2, SLOTS, SLOTS + 1]) reader.read(record(slot, 0));
    expect(Buffer.from(new Uint8Array(shared.memory).slice())).toEqual(before);
  });
});
