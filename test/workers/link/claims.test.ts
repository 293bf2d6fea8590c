// The words of memory that main and a lane share.
import { describe, expect, test } from 'vitest';
import { SharedState } from '#dist/workers/link/claims.js';

describe('batches', () => {
  test('are under way until the lane has taken them in, also when the counter wraps', () => {
    const shared = new SharedState();
    const sent = 3;
    expect(shared.batchesUnderWay(sent)).toBe(3);
    shared.tookBatch();
    expect(shared.batchesUnderWay(sent)).toBe(2);
    expect(shared.batchesUnderWay(-(2 ** 31))).toBe(2 ** 31 - 1);
  });

  test('are reported once for each time that main has asked', () => {
    const shared = new SharedState();
    expect(shared.tookBatch()).toBe(false);
    shared.awaitBatch();
    shared.awaitBatch();
    expect([shared.tookBatch(), shared.tookBatch()]).toEqual([true, false]);
  });
});

describe('a command', () => {
  test('belongs to the side that swaps its word first', () => {
    const shared = new SharedState();
    shared.offer(5, 1);
    expect([shared.claim(5, 1), shared.recall(5, 1), shared.claimed(5, 1)]).toEqual([true, false, true]);
    shared.offer(5, 2);
    expect([shared.claim(5, 1), shared.recall(5, 2), shared.claim(5, 2)]).toEqual([false, true, false]);
  });
});
