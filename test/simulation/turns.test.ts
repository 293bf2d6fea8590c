// One step in each turn of the loop.
import { expect, test } from 'vitest';
import { eachTurn } from '../../simulation/virtual/turns.js';

test('between two turns every microtask is done, however many follow one another', async () => {
  const seen: string[] = [];
  let turn = 0;
  await eachTurn(() => {
    turn += 1;
    seen.push(`turn ${turn}`);
    let left = 50;
    const next = (): void => {
      left -= 1;
      if (left > 0) Promise.resolve().then(next, next);
      else seen.push('microtasks');
    };
    next();
    process.nextTick(() => seen.push('tick'));
    return turn < 300;
  });
  expect(turn).toBe(300);
  const expected = Array.from({ length: 299 }, (_, at) => [`turn ${at + 1}`, 'tick', 'microtasks']).flat();
  expect(seen.slice(0, expected.length)).toEqual(expected);
});

test('what a turn throws rejects, and no other turn follows', async () => {
  let turns = 0;
  const played = eachTurn(() => {
    turns += 1;
    throw new Error('broken');
  });
  await expect(played).rejects.toThrow('broken');
  await new Promise((resolve) => setImmediate(resolve));
  expect(turns).toBe(1);
});
