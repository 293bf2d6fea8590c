// Lanes on main: what they share with the lanes of every other isolation.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Job } from '#dist/ports.js';
import { InlineLane } from '#dist/workers/lanes/inline-lane.js';
import { startInlineTier } from '#dist/workers/lanes/inline-tier.js';
import type { TierSettings } from '#dist/workers/lanes/tier.js';
import { fixture, neverLoads, temporaryDirectory } from '../../support/daemon.js';
import { FakeClock } from '../../support/fake-clock.js';
import { until } from '../../support/until.js';

test('a lane on main tells of free capacity once for the answers of a turn: each time, all that wait are looked at', async () => {
  let told = 0;
  let answered = 0;
  const nothing = (): void => undefined;
  const lane = await InlineLane.start({
    module: fixture('commands.js').href,
    workerData: undefined,
    commandTimeout: 30_000,
    elsewhere: [],
    maxMessageSize: 10_000,
    log: pino({ level: 'silent' }),
    tell: nothing,
    publish: async () => undefined,
    flushEvents: nothing,
    serviceFor: () => ({}),
    onCapacity: () => (told += 1),
  });
  for (let connectionId = 1; connectionId <= 1000; connectionId += 1)
    lane.offer({
      slot: -1,
      sequence: -1,
      payload: Buffer.from('"List"'),
      origin: { connectionId, respond: nothing, yieldCapacity: nothing },
      subscribe: nothing,
      unsubscribe: nothing,
      answered: () => (answered += 1),
    } as unknown as Job);
  await until(() => answered === 1000 && told > 0, 'all are answered');
  // A turn may end after a few milliseconds, so there may be several.
  expect(told).toBeLessThan(200);
  expect(lane.load).toBe(0);
});

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
