// What is polled is looked at as often as it is to be, and many looks do not keep the thread.
import { expect, onTestFinished, test, vi } from 'vitest';
import { poll } from '#dist/supervisor/host/poll.js';

function polled(count: number) {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const looks = Array.from({ length: count }, () => 0);
  const stops = looks.map((_, index) =>
    poll(200, () => {
      looks[index] = (looks[index] as number) + 1;
    }),
  );
  const stop = (): void => stops.forEach((each) => each());
  onTestFinished(stop);
  return { looks, stops, stop, sum: () => looks.reduce((all, each) => all + each, 0) };
}

test('a few are each looked at in every turn, until they are let go', () => {
  const { looks, stops, stop } = polled(3);
  vi.advanceTimersByTime(1000);
  expect(looks).toEqual([5, 5, 5]);
  stops[1]?.();
  vi.advanceTimersByTime(200);
  expect(looks).toEqual([6, 5, 6]);
  stop();
  expect(vi.getTimerCount()).toBe(0);
});

test('of many, some are looked at in each turn, and all equally often', () => {
  const { looks, sum } = polled(250);
  vi.advanceTimersByTime(200);
  expect(sum()).toBe(100);
  vi.advanceTimersByTime(800);
  expect(looks).toEqual(looks.map(() => 2));
});

test('one that lets go of others within its look leaves them alone from then on', () => {
  const { looks, stops } = polled(2);
  const stop = poll(200, () => stops.forEach((each) => each()));
  vi.advanceTimersByTime(400);
  expect(looks).toEqual([1, 1]);
  stop();
});
