// Which processes are an app's where there are no groups: its process and the descendants of that.
import { expect, test } from 'vitest';
import { ancestorAmong } from '#dist/supervisor/system/members.js';
import type { ProcessStat } from '#dist/supervisor/system/stat.js';

const table = (...rows: [pid: number, parent: number, start: number][]) =>
  new Map(
    rows.map(([pid, parent, startTime]) => [pid, { parent, startTime: String(startTime) } as ProcessStat]),
  );

const leaders = new Set([100, 200]);

test('a descendant belongs to the nearest app above it', () => {
  const all = table(
    [100, 1, 10],
    [101, 100, 11],
    [102, 101, 12],
    [200, 102, 13],
    [201, 200, 14],
    [300, 1, 5],
  );
  const found = [100, 101, 102, 200, 201, 300].map((pid) => ancestorAmong(leaders, pid, all));
  expect(found).toEqual([100, 100, 100, 200, 200, undefined]);
});

test('the children of an app whose own process has ended are still its own', () => {
  expect(ancestorAmong(leaders, 101, table([101, 100, 11]))).toBe(100);
});

test('a parent that is younger than the child has another process’s number', () => {
  expect(ancestorAmong(leaders, 101, table([100, 1, 50], [101, 100, 11]))).toBeUndefined();
});

test('a daemon that an app has started, and its apps, are not processes of the app', () => {
  const all = table([100, 1, 10], [process.pid, 100, 11], [103, process.pid, 12]);
  expect(ancestorAmong(leaders, process.pid, all)).toBeUndefined();
  expect(ancestorAmong(leaders, 103, all)).toBeUndefined();
});

test('parents in a circle end the look', () => {
  expect(ancestorAmong(leaders, 1, table([1, 2, 1], [2, 1, 1]))).toBeUndefined();
});
