// Memory limits and processor figures where the system tells of processes only after a look, or not at all.
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { limitNotice } from '#dist/supervisor/decide/use/limit-notice.js';
import { type Limited, watchMemory } from '#dist/supervisor/decide/use/memory-watch.js';
import { UsageWatch } from '#dist/supervisor/decide/use/usage-watch.js';
import type { Told } from '#dist/supervisor/system/facts.js';
import { orFail } from '../../support/or-fail.js';
import { FakeClock } from '../../support/fake-clock.js';

/** Lets what was resolved go on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
}

describe('a memory limit', () => {
  function watched(told: () => Told, apps: Limited[] = [{ id: 'a', pid: 7, most: 10 }]) {
    const clock = new FakeClock();
    const seen: string[] = [];
    watchMemory({
      clock,
      limited: () => apps,
      look: async () => {
        seen.push('look');
        return told();
      },
      groupsOver: () => new Map([[7, 11]]),
      onOver: ({ id }, held) => seen.push(`${id} holds ${held}`),
      onBlind: (blind) => seen.push(`blind for ${blind.map(({ id }) => id).join()}`),
      onFault: (error) => seen.push((error as Error).message),
    });
    const checks = async (count: number): Promise<string[]> => {
      for (let n = 0; n < count; n += 1) {
        clock.advance(5000);
        await settle();
      }
      return seen.splice(0);
    };
    return { checks, apps };
  }

  test('is checked after a look', async () => {
    expect(await watched(() => 'all').checks(2)).toEqual(['look', 'a holds 11', 'look', 'a holds 11']);
  });

  test('that no app has costs no look', async () => {
    expect(await watched(() => 'all', []).checks(3)).toEqual([]);
  });

  test('that cannot be checked is reported once, and again after it was checked', async () => {
    let told: Told = 'nothing';
    const { checks } = watched(() => told);
    expect(await checks(2)).toEqual(['look', 'blind for a', 'look']);
    told = 'alone';
    expect(await checks(1)).toEqual(['look', 'a holds 11']);
    told = 'nothing';
    expect(await checks(1)).toEqual(['look', 'blind for a']);
  });

  test('of an app that ended during the look ends nothing', async () => {
    const apps: Limited[] = [{ id: 'a', pid: 7, most: 10 }];
    const { checks } = watched(() => {
      apps.length = 0;
      return 'all';
    }, apps);
    expect(await checks(2)).toEqual(['look']);
  });

  test('is checked again after a fault', async () => {
    let first = true;
    const { checks } = watched(() => {
      if (!first) return 'all';
      first = false;
      throw new Error('no look');
    });
    expect(await checks(2)).toEqual(['look', 'no look', 'look', 'a holds 11']);
  });

  test('is announced as not enforced where nothing is told, and as of one process where no parents are', async () => {
    const notice = (told: Told, most: number | null = 1024) => limitNotice('web', most, async () => told);
    expect(await notice('nothing')).toContain('app web is stored, but not enforced');
    expect(await notice('alone')).toContain('app web counts its own process alone');
    expect([await notice('all'), await notice('nothing', null)]).toEqual([undefined, undefined]);
    const failing = limitNotice('web', 1, () => Promise.reject(new Error('no')));
    expect(await failing).toContain('not enforced');
  });
});

describe('the processor use of apps', () => {
  function watched(looksAreCheap: boolean) {
    const clock = new FakeClock();
    let looks = 0;
    const watch = new UsageWatch(
      { clock, leaders: () => new Set([2 ** 22 + 1]), onFault: orFail },
      {
        looksAreCheap,
        look: async () => {
          looks += 1;
          return 'all';
        },
      },
    );
    const pass = async (ms: number): Promise<number> => {
      const before = looks;
      for (let passed = 0; passed < ms; passed += 5000) {
        clock.advance(5000);
        await settle();
      }
      return looks - before;
    };
    watch.begin();
    return { watch, pass };
  }

  test('is sampled all the time where a look is cheap', async () => {
    expect(await watched(true).pass(30_000)).toBe(6);
  });

  test('is sampled for a minute after somebody has asked where a look is expensive', async () => {
    const { watch, pass } = watched(false);
    expect(await pass(30_000)).toBe(0);
    await watch.now();
    expect(await pass(30_000)).toBeGreaterThanOrEqual(5);
    await pass(30_000);
    expect(await pass(60_000)).toBe(0);
  });
});
