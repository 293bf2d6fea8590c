// Deadlines come due in order, each at its time.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Deadlines } from '#dist/workers/run/deadlines.js';
import { FakeClock } from '../../support/fake-clock.js';
import { property } from '../../support/property.js';

describe('deadlines', () => {
  test('each comes due at its own time, with one timer for all', () => {
    const clock = new FakeClock();
    const due: [string, number][] = [];
    const deadlines = new Deadlines<string>(clock, 100, (item) => due.push([item, clock.now()]));
    deadlines.add('a');
    clock.advance(30);
    deadlines.add('b');
    deadlines.add('c');
    expect(clock.pending).toBe(1);
    deadlines.delete('b');
    clock.advance(200);
    expect(due).toEqual([
      ['a', 100],
      ['c', 130],
    ]);
    expect(clock.pending).toBe(0);
  });

  property([fc.array(fc.record({ wait: fc.nat(50), keep: fc.boolean() }), { maxLength: 50 })])(
    'no deadline is early or forgotten, and no deleted deadline comes due',
    (items) => {
      const clock = new FakeClock();
      const due = new Map<number, number>();
      const deadlines = new Deadlines<number>(clock, 100, (item) => due.set(item, clock.now()));
      const expected = new Map<number, number>();
      for (const [index, { wait, keep }] of items.entries()) {
        clock.advance(wait);
        deadlines.add(index);
        if (keep) expected.set(index, clock.now() + 100);
        else deadlines.delete(index);
      }
      clock.advance(1000);
      expect(due).toEqual(expected);
    },
  );
});
