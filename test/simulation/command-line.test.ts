// The arguments of npm run simulate.
import { describe, expect, test } from 'vitest';
import { mutationOf } from '../../simulation/campaign.js';
import { parse } from '../../simulation/command-line.js';

describe('the arguments of the simulation', () => {
  test('are seeds and a first seed, or one seed', () => {
    expect(parse(['--seeds', '20', '--from', '5'])).toMatchObject({ seeds: 20, from: 5, minutes: Infinity });
    expect(parse(['--seed', '7', '--shrink', '--mutation', 'x'])).toMatchObject({
      seed: 7,
      shrink: true,
      mutation: 'x',
    });
  });

  test('play for as long as they say', () => {
    expect(parse(['--minutes', '10'])).toMatchObject({ minutes: 10, seeds: Number.MAX_SAFE_INTEGER });
  });

  test('that make no sense are refused with a sentence', () => {
    expect(() => parse(['--seeds', 'many'])).toThrow(
      '--seeds must be a whole number, 0 or more; it is "many"',
    );
    expect(() => parse(['--sed', '7'])).toThrow(TypeError);
    expect(() => parse(['--shrink'])).toThrow('--shrink needs --seed');
    expect(() => mutationOf('nothing')).toThrow('the mutations are claim-ignored,');
  });
});
