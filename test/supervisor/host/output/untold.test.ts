// An app of which the keeper could not be told is told of again until the keeper knows it.
import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Untold } from '#dist/supervisor/host/output/untold.js';
import { FakeClock } from '../../../support/fake-clock.js';

function untold() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const tried: string[] = [];
  const failing = new Set<string>();
  const made = new Untold({
    tell: async (id) => {
      tried.push(id);
      if (failing.has(id)) throw new Error('too many open files');
    },
    log: pino({}, { write: (line: string) => void lines.push(line) }),
    clock,
  });
  const second = async (): Promise<void> => {
    clock.advance(1000);
    await turn();
  };
  return { made, clock, lines, tried, failing, second };
}

test('it is tried again each second, and the log says it once', async () => {
  const { made, clock, lines, tried, failing, second } = untold();
  failing.add('a');
  made.failed('a', new Error('too many open files'));
  expect(tried).toEqual([]);
  for (let n = 0; n < 3; n += 1) await second();
  expect(tried).toEqual(['a', 'a', 'a']);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('"app":"a"');
  failing.clear();
  await second();
  expect(tried).toHaveLength(4);
  expect(made.has('a')).toBe(false);
  expect(clock.pending).toBe(0);
  // What fails later is another fault.
  made.failed('a', new Error('too many open files'));
  expect(lines).toHaveLength(2);
});

test('one timer serves all apps; one that is still unknown keeps no other from being told', async () => {
  const { made, clock, tried, failing, second } = untold();
  failing.add('a');
  for (const id of ['a', 'b', 'c']) made.failed(id, new Error('too many open files'));
  expect(clock.pending).toBe(1);
  await second();
  expect(tried).toEqual(['a', 'b', 'c']);
  await second();
  expect(tried).toEqual(['a', 'b', 'c', 'a']);
});

test('one that is gone, or told in another way, is not tried any more; nor is any after the end', async () => {
  const { made, clock, tried, second } = untold();
  made.failed('a', new Error('too many open files'));
  made.forget('a');
  expect(clock.pending).toBe(0);
  made.failed('a', new Error('too many open files'));
  made.close();
  expect(clock.pending).toBe(0);
  made.failed('b', new Error('too many open files'));
  expect(clock.pending).toBe(0);
  await second();
  expect(tried).toEqual([]);
});
