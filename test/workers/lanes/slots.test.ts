// A command in a lane has a slot; either side may have the command, and never both.
import { describe, expect, test } from 'vitest';
import type { Job } from '#dist/ports.js';
import { Slots } from '#dist/workers/lanes/slots.js';
import { SharedState, SLOTS } from '#dist/workers/link/claims.js';

describe('the slots', () => {
  const make = () => {
    const shared = new SharedState();
    return { shared, slots: new Slots(shared) };
  };
  const job = (): Job =>
    ({
      origin: { connectionId: 1, yieldCapacity: () => undefined },
      payload: new Uint8Array(1),
      slot: -1,
      sequence: -1,
    }) as unknown as Job;

  test('a command is begun or taken back, and either only once', () => {
    const { shared, slots } = make();
    const [begun, back] = [job(), job()];
    slots.add(begun);
    slots.add(back);
    expect(shared.claim(begun.slot, begun.sequence)).toBe(true);
    expect(shared.claim(begun.slot, begun.sequence)).toBe(false);
    expect(slots.recall(begun)).toBe(false);
    expect(slots.recall(back)).toBe(true);
    expect(shared.claim(back.slot, back.sequence)).toBe(false);
    expect(slots.used).toBe(1);
  });

  test('a lane that is late for a slot does not touch the command that has the slot now', () => {
    const { shared, slots } = make();
    const [former, next] = [job(), job()];
    slots.add(former);
    const { slot, sequence } = former;
    slots.recall(former);
    slots.add(next);
    expect(next.slot).toBe(slot);
    expect(shared.claim(slot, sequence)).toBe(false);
    expect(slots.recall(next)).toBe(true);
  });

  test('an answer that comes too late is not given to the command that has the slot now', () => {
    const { shared, slots } = make();
    const [overdue, next] = [job(), job()];
    slots.add(overdue);
    const { slot, sequence } = overdue;
    shared.claim(slot, sequence);
    expect(slots.abandonBegun()).toEqual([overdue]);
    slots.add(next);
    expect(next.slot).toBe(slot);
    expect(slots.settle(slot, sequence)).toBeUndefined();
    expect(slots.settle(slot, next.sequence)).toBe(next);
  });

  test('nothing is abandoned in a lane that goes on, though it begins a command while main judges it', () => {
    const { shared, slots } = make();
    const late = job();
    slots.add(late);
    const { beats } = shared;
    shared.claim(late.slot, late.sequence);
    expect(slots.abandonBegun(() => shared.beats === beats)).toEqual([]);
    expect(slots.used).toBe(1);
    expect(slots.abandonBegun()).toEqual([late]);
  });

  test('there are 1024, and a slot that was freed is used again', () => {
    const { slots } = make();
    for (let round = 0; round < 2; round += 1) {
      const jobs = Array.from({ length: SLOTS }, job);
      for (const each of jobs) expect(slots.add(each)).toBe(true);
      expect(slots.add(job())).toBe(false);
      for (const each of jobs) slots.recall(each);
      expect(slots.used).toBe(0);
    }
  });
});
