// Restarts are bounded in a period.
import { expect, test } from 'vitest';
import { Intensity } from '#dist/workers/lanes/intensity.js';

test('the intensity allows five restarts in ten seconds, and then waits for the end of the period', () => {
  const intensity = new Intensity(5, 10_000);
  for (let n = 0; n < 5; n += 1) expect(intensity.restart(n * 1000)).toBe(0);
  expect(intensity.restart(5000)).toBe(10_000);
  expect(intensity.restart(16_000)).toBe(0);
});
