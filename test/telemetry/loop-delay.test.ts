// The delay of loops: measured only when it is asked for, on main and in every lane.
import { describe, expect, test } from 'vitest';
import { act, testDaemon } from '../support/daemon.js';
import { RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';

const ms = expect.any(Number) as number;
const MEASURED = { p50: ms, p99: ms, max: ms };

describe('the delay of loops', () => {
  test('is not measured by default', async () => {
    const { daemon } = await testDaemon();
    expect(daemon.stats()).not.toHaveProperty('loopDelay');
    expect(daemon.stats().lanes[0]).not.toHaveProperty('loopDelay');
  });

  test.each(['thread', 'process'] as const)(
    'tells with measureLoops how long a handler and main have blocked their loops (%s)',
    async (isolation) => {
      const { daemon, path } = await testDaemon({
        measureLoops: true,
        workers: { isolation, maxThreads: 1, unresponsiveAfter: 60_000 },
      });
      const client = await RawClient.connect(path);
      const ofLane = () => daemon.stats().lanes[0]?.loopDelay;
      await until(() => ofLane() !== undefined, 'the lane has told');
      await client.request(act('busy', { ms: 400 }));
      await until(() => (ofLane()?.max ?? 0) > 300, 'the lane has told of its delay');
      expect(ofLane()).toEqual(MEASURED);
      const end = performance.now() + 400;
      while (performance.now() < end);
      await until(() => (daemon.stats().loopDelay?.max ?? 0) > 300, 'main tells of its delay');
      const { p50 = NaN, p99 = NaN, max = NaN } = daemon.stats().loopDelay ?? {};
      expect(p50 <= p99 && p99 <= max).toBe(true);
    },
  );
});
