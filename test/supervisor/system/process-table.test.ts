// Which program of Windows is asked about processes, with answers of the test's own.
import { expect, test } from 'vitest';
import { ProcessTable, type Teller } from '#dist/supervisor/system/process-table.js';
import type { ProcessStat } from '#dist/supervisor/system/stat.js';
import { windows } from '#dist/supervisor/system/windows.js';

const one = new Map([[42, { startTime: '7.00000', residentPages: 3 } as ProcessStat]]);

/** A teller that answers as the list says, one answer for each question, and the last one from then on. */
function teller(told: Teller['told'], ...answers: (ReadonlyMap<number, ProcessStat> | undefined | Error)[]) {
  let asked = 0;
  const ask: Teller['ask'] = async () => {
    const answer = answers[Math.min(asked, answers.length - 1)];
    asked += 1;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { told, ask, asked: () => asked };
}

test('the first program that answers tells, and the others are not asked', async () => {
  const [first, second] = [teller('all', one), teller('alone', one)];
  const table = new ProcessTable([first, second]);
  expect(await table.read()).toEqual({ told: 'all', processes: one });
  expect(second.asked()).toBe(0);
});

test('one that gives no answer, has an empty one, or fails, rests; the next one tells meanwhile', async () => {
  for (const silence of [undefined, new Map<number, ProcessStat>(), new Error('no')]) {
    let now = 0;
    const [first, second] = [teller('all', silence, one), teller('alone', one)];
    const table = new ProcessTable([first, second], () => now);
    expect((await table.read()).told).toBe('alone');
    now = 4 * 60_000;
    expect((await table.read()).told).toBe('alone');
    expect(first.asked()).toBe(1);
    now = 6 * 60_000;
    expect((await table.read()).told).toBe('all');
  }
});

test('when no program answers, nothing is told', async () => {
  const facts = windows(new ProcessTable([teller('all', undefined)]));
  expect(await facts.look(1000)).toBe('nothing');
  expect([...facts.allStats()]).toEqual([]);
  expect(await facts.startTimeOf(42)).toBeNull();
});

test('all that ask while a look is taken share the next one', async () => {
  const first = teller('all', one);
  const table = new ProcessTable([first]);
  await Promise.all(Array.from({ length: 10 }, () => table.read()));
  expect(first.asked()).toBe(2);
});

test('a look that takes too long tells nothing, and what an earlier one has told is not told again', async () => {
  let slow = false;
  const facts = windows({
    read: () =>
      slow ? new Promise(() => undefined) : Promise.resolve({ told: 'all' as const, processes: one }),
  });
  expect(await facts.look(1000)).toBe('all');
  expect([...facts.allStats()]).toEqual([...one]);
  slow = true;
  expect(await facts.look(10)).toBe('nothing');
  expect([...facts.allStats()]).toEqual([]);
});

test('a process has the start time that the table tells', async () => {
  const facts = windows(new ProcessTable([teller('all', one)]));
  expect([await facts.startTimeOf(42), await facts.startTimeOf(43)]).toEqual(['7.00000', null]);
});

test('a thread whose looks another one takes asks that one, and starts nothing itself', async () => {
  const own = teller('all', one);
  const facts = windows(new ProcessTable([own]));
  facts.tableFrom(async () => ({ told: 'alone', processes: one }));
  expect(await facts.look(1000)).toBe('alone');
  expect([...facts.allStats()]).toEqual([...one]);
  expect(await facts.startTimeOf(42)).toBe('7.00000');
  facts.tableFrom(() => Promise.reject(new Error('the other thread has gone')));
  expect(await facts.look(1000)).toBe('nothing');
  expect(own.asked()).toBe(0);
});
