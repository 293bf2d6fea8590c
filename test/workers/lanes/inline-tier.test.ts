// Lanes on main: what they share with the lanes of every other isolation.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startInlineTier } from '#dist/workers/lanes/inline-tier.js';
import type { TierSettings } from '#dist/workers/lanes/tier.js';
import { neverLoads, temporaryDirectory } from '../../support/daemon.js';
import { FakeClock } from '../../support/fake-clock.js';
import { until } from '../../support/until.js';

test('a commands module that does not load within 30 s is given up on main, too', async () => {
  const begun = join(temporaryDirectory(), 'begun');
  const clock = new FakeClock();
  const settings: Partial<TierSettings> = {
    module: neverLoads(begun),
    clock,
    connectService: () => 'there is none',
    onServiceChanged: () => undefined,
  };
  const refused = expect(startInlineTier(settings as TierSettings)).rejects.toThrow(
    'its module was not loaded within 30000 ms',
  );
  await until(() => existsSync(begun), 'its module is being loaded');
  clock.advance(30_000);
  await refused;
  expect(clock.pending).toBe(0);
});
