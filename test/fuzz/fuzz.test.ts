// The quick part of the fuzzing; `npm run fuzz -- SECONDS` does more of it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { everySplit, everyTruncation, generated, PROPERTIES } from '../../fuzz/campaign.js';
import { Checks } from '../../fuzz/checks.js';
import { Target } from '../../fuzz/target.js';

describe('a daemon that is sent broken frames and broken JSON', () => {
  let target: Target;
  let checks: Checks;
  beforeAll(async () => {
    target = await Target.start();
    checks = await Checks.open(target);
  });
  afterAll(async () => {
    checks.close();
    await target.close();
  });

  test('answers what is whole in a stream, wherever the stream ends', () => everyTruncation(checks));

  test('answers a stream in the same way, wherever it is split', () => everySplit(checks));

  // The same cases each time; the program tries others.
  test.each(PROPERTIES)(
    'gives the right answer to each of the %s, and to the next good request',
    async (name) => {
      const { failure } = await generated(name, checks, { runs: 150, seed: 1 });
      expect(failure).toBeUndefined();
    },
  );
});
