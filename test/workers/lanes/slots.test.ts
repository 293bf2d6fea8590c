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

  test('know the commands in the lane, where they come from, and how a lane takes them', () => {
    const { slots } = make();
    const [one, two] = [job(), job()];
    expect([slots.used, slots.full, slots.jobs(), [...slots.origins()]]).toEqual([0, false, [], []]);
    slots.add(one);
    slots.add(two);
    expect([slots.used, slots.jobs(), [...slots.origins()]]).toEqual([
      2,
      [one, two],
      [one.origin, two.origin],
    ]);
    expect(Slots.entries([two, one])).toEqual(
      [two, one].map(({ slot, sequence, payload }) => ({ slot, sequence, connectionId: 1, payload })),
    );
    expect([one.slot, two.slot, one.sequence, two.sequence]).toEqual([0, 1, 1, 2]);
    expect(slots.settle(one.slot, one.sequence)).toBe(one);
    expect(slots.settle(one.slot, one.sequence)).toBeUndefined();
    expect([slots.used, slots.jobs()]).toEqual([1, [two]]);
  });

  test('only commands that the lane has begun are abandoned', () => {
    const { shared, slots } = make();
    const [begun, waiting] = [job(), job()];
    slots.add(waiting);
    slots.add(begun);
    shared.claim(begun.slot, begun.sequence);
    expect([slots.abandonBegun(), slots.jobs(), slots.used]).toEqual([[begun], [waiting], 1]);
  });

  test('when all are taken, every other connection is asked to yield, and again only after a slot was freed', () => {
    const { slots } = make();
    const asked: number[] = [];
    const from = (connectionId: number): Job => {
      const origin = { connectionId, yieldCapacity: () => void asked.push(connectionId) };
      return { ...job(), origin } as unknown as Job;
    };
    const [first, second] = [from(1), from(2)];
    const more = ({ origin }: Job): Job => ({ ...job(), origin });
    slots.add(first);
    for (let n = 1; n < SLOTS; n += 1) slots.add(more(second));
    expect([slots.full, asked]).toEqual([true, []]);
    expect([slots.add(more(first)), asked]).toEqual([false, [2]]);
    expect([slots.add(from(3)), asked]).toEqual([false, [2]]);
    slots.recall(first);
    expect([slots.full, slots.add(more(second))]).toEqual([false, true]);
    expect([slots.add(from(3)), asked]).toEqual([false, [2, 2]]);
  });

  test('a connection that yields makes room at once, and is asked again when all are taken again', () => {
    const { slots } = make();
    let asked = 0;
    const jobs: Job[] = [];
    const origin = {
      connectionId: 1,
      yieldCapacity: () => {
        asked += 1;
        slots.recall(jobs.pop() as Job);
      },
    } as unknown as Job['origin'];
    for (let n = 0; n < SLOTS; n += 1) {
      const each = { ...job(), origin };
      jobs.push(each);
      slots.add(each);
    }
    expect([slots.add(job()), slots.add(job()), asked]).toEqual([true, true, 2]);
  });
});
