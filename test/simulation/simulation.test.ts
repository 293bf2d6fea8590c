// The simulation itself: seeds that keep every promise, the same again for the same seed, and planted bugs that are found.
import { describe, expect, test } from 'vitest';
import { findPlanted, mutationOf, play, playSeeds, shortest } from '../../simulation/campaign.js';
import { changed } from '../../simulation/build/change.js';
import { planOf } from '../../simulation/plan/generate.js';
import { Theatre } from '../../simulation/run/theatre.js';

describe('the simulation', () => {
  test.each([1, 101])('100 seeds from %i on keep every promise', async (from) => {
    const { failed, played } = await playSeeds(await Theatre.open(), { from, seeds: 100 });
    expect(failed?.violation, `npm run simulate -- --seed ${failed?.seed ?? 0}`).toBeUndefined();
    expect(played).toBe(100);
  });

  test.each([37425])('seed %i, which broke a promise once, keeps every promise', async (seed) => {
    const { violation } = await play(await Theatre.open(), planOf(seed));
    expect(violation).toBeUndefined();
  });

  test('a seed that is played again does the same, step by step', async () => {
    const theatre = await Theatre.open();
    for (let seed = 1; seed <= 20; seed += 1) {
      const first = await play(theatre, planOf(seed), true);
      const second = await play(theatre, planOf(seed), true);
      expect(second.trace).toEqual(first.trace);
      expect(second.digest).toBe(first.digest);
    }
  });

  test.each(['claim-ignored', 'drops-told-in-part', 'dead-lane-not-replaced'])(
    'the planted bug %s is found',
    async (name) => {
      expect(await findPlanted(mutationOf(name))).toBeDefined();
    },
  );

  test('a plan that fails is made shorter, and fails in the same way', async () => {
    const theatre = await Theatre.open([mutationOf('half-close-cuts')]);
    const { failed } = await playSeeds(theatre, { seeds: 2000 });
    const plan = planOf(failed?.seed ?? 0);
    const shorter = await shortest(theatre, plan);
    expect(shorter.steps.length).toBeLessThan(plan.steps.length / 2);
    const { violation = '' } = await play(theatre, shorter);
    expect(violation).toContain('closed without a reason');
    for (const step of shorter.steps) {
      const without = { ...shorter, steps: shorter.steps.filter((each) => each !== step) };
      expect((await play(theatre, without)).violation ?? '').not.toContain('closed without a reason');
    }
  });

  test('a planted bug whose text is not in the file any more is a fault', () => {
    const change = { file: 'a.js', text: 'one', replacement: 'two' };
    expect(changed('has one', change)).toBe('has two');
    expect(() => changed('has none of it', { ...change, text: 'gone' })).toThrow('0 times');
    expect(() => changed('one and one', change)).toThrow('2 times');
  });
});
