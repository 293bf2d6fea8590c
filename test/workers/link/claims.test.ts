// The words of memory that main and a lane share.
import { describe, expect, test } from 'vitest';
import { SharedState, SLOTS } from '#dist/workers/link/claims.js';

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

describe('the bytes that a thread has sent', () => {
  test('are outstanding until main has taken them in, those of log lines apart, also when the counters wrap', () => {
    const shared = new SharedState();
    shared.taken(10, 3);
    expect([shared.outstanding(15), shared.logOutstanding(4)]).toEqual([5, 1]);
    shared.taken(2);
    expect([shared.outstanding(15), shared.logOutstanding(4)]).toEqual([3, 1]);
    expect(shared.outstanding(-(2 ** 31))).toBe(2 ** 31 - 12);
    expect(shared.logOutstanding(-(2 ** 31))).toBe(2 ** 31 - 3);
  });

  test('are reported once for each time that the thread has asked', () => {
    const shared = new SharedState();
    expect(shared.taken(1)).toBe(false);
    shared.awaitTaken();
    shared.awaitTaken();
    expect([shared.taken(1), shared.taken(1)]).toEqual([true, false]);
  });
});

describe('the memory', () => {
  test('is the same for both sides, and each value has its own place', () => {
    const main = new SharedState();
    const lane = new SharedState(main.memory);
    main.offer(0, 7);
    main.offer(SLOTS - 1, 9);
    lane.beat();
    lane.tookBatch();
    main.taken(5, 6);
    main.awaitBatch();
    lane.awaitTaken();
    expect([main.beats, main.batchesUnderWay(1), lane.outstanding(5), lane.logOutstanding(6)]).toEqual([
      1, 0, 0, 0,
    ]);
    expect([lane.tookBatch(), main.taken(0)]).toEqual([true, true]);
    expect([lane.claim(0, 7), lane.claim(SLOTS - 1, 9)]).toEqual([true, true]);
    expect([main.claimed(0, 7), main.claimed(SLOTS - 1, 9), main.claimed(0, 8)]).toEqual([true, true, false]);
  });

  test('is shared with a thread, and not with a lane on main; it holds every slot, and not more', () => {
    const [shared, local] = [SharedState.allocate(), SharedState.allocateLocal()];
    expect([shared instanceof SharedArrayBuffer, local instanceof ArrayBuffer]).toEqual([true, true]);
    expect([shared.byteLength, local.byteLength]).toEqual([4 * (8 + SLOTS), 4 * (8 + SLOTS)]);
    const state = new SharedState(local);
    state.offer(SLOTS - 1, 1);
    expect([state.recall(SLOTS - 1, 1), state.claimed(SLOTS - 1, 1)]).toEqual([true, false]);
  });
});
