// How long a shutdown waits for the supervisor, on a clock of the test's own.
import { expect, test } from 'vitest';
import { StopPatience } from '#dist/supervisor/host/stop-patience.js';
import { settle } from '../../support/decide.js';
import { FakeClock } from '../../support/fake-clock.js';

/** A shutdown of apps whose longest stop timeout is 20 s. */
function waiting() {
  const clock = new FakeClock();
  const patience = new StopPatience(clock);
  const seen: boolean[] = [];
  const begin = (): void => void patience.wait(20_000).then((inTime) => seen.push(inTime));
  const pass = async (ms: number): Promise<boolean[]> => {
    clock.advance(ms);
    await settle();
    return seen;
  };
  return { clock, patience, begin, pass };
}

test('a shutdown waits for the longest stop timeout and 10 s', async () => {
  const { clock, begin, pass } = waiting();
  begin();
  expect(await pass(29_999)).toEqual([]);
  expect(await pass(1)).toEqual([false]);
  expect(clock.pending).toBe(0);
});

test.each(['before it begins', 'while it runs', 'in its last moment'])(
  'a shutdown that kills what apps left behind waits for their stop timeout twice: asked %s',
  async (when) => {
    const { clock, patience, begin, pass } = waiting();
    const asked = when === 'in its last moment' ? 29_999 : 5000;
    if (when === 'before it begins') patience.killEscaped();
    begin();
    expect(await pass(asked)).toEqual([]);
    patience.killEscaped();
    expect(patience.killsEscaped).toBe(true);
    // The apps take 20 s and 5 s after SIGKILL, what they left 20 s and 2 s.
    expect(await pass(47_000 - asked)).toEqual([]);
    expect(await pass(7999)).toEqual([]);
    expect(await pass(1)).toEqual([false]);
    expect(clock.pending).toBe(0);
  },
);

test('a shutdown goes on as soon as all apps are stopped', async () => {
  const { clock, patience, begin, pass } = waiting();
  begin();
  patience.stopped();
  expect(await pass(0)).toEqual([true]);
  expect(clock.pending).toBe(0);
  // Nothing waits that could be asked to wait longer.
  patience.killEscaped();
  expect(clock.pending).toBe(0);
});
