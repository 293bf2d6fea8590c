// Timers by name: at most one of each.
import { expect, test } from 'vitest';
import { Timers } from '#dist/supervisor/decide/app/timers.js';
import { FakeClock } from '../../../support/fake-clock.js';

function make() {
  const clock = new FakeClock();
  const due: string[] = [];
  return { clock, due, timers: new Timers<'a' | 'b'>(clock, (name) => due.push(name)) };
}

test('a timer is due once, after its time', () => {
  const { clock, due, timers } = make();
  timers.set('a', 100);
  clock.advance(99);
  expect([due, timers.left('a'), timers.left('b')]).toEqual([[], 1, undefined]);
  clock.advance(1);
  expect([due, timers.left('a')]).toEqual([['a'], undefined]);
  clock.advance(1000);
  expect(due).toEqual(['a']);
});

test('a timer takes the place of one of the same name', () => {
  const { clock, due, timers } = make();
  timers.set('a', 100);
  timers.set('b', 100);
  clock.advance(50);
  timers.set('a', 100);
  clock.advance(50);
  expect([due, timers.left('a')]).toEqual([['b'], 50]);
  clock.advance(50);
  expect(due).toEqual(['b', 'a']);
});

test('a timer that is overdue has nothing left, not less', () => {
  const clock = new FakeClock();
  const late = { now: () => clock.now(), after: () => () => undefined };
  const timers = new Timers<'a'>(late, () => undefined);
  timers.set('a', 100);
  clock.advance(150);
  expect(timers.left('a')).toBe(0);
});

test('timers are cancelled one by one, or all', () => {
  const { clock, due, timers } = make();
  timers.set('a', 100);
  timers.set('b', 100);
  timers.cancel('a');
  timers.cancel('a');
  expect([timers.left('a'), timers.left('b'), clock.pending]).toEqual([undefined, 100, 1]);
  timers.set('a', 100);
  timers.clear();
  expect([timers.left('a'), timers.left('b'), clock.pending]).toEqual([undefined, undefined, 0]);
  clock.advance(1000);
  expect(due).toEqual([]);
});
