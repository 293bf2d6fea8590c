// The thread of a service is replaced at a bounded rate, and given up when it does not start.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { logSettings } from '#dist/workers/lanes/thread-log.js';
import { ThreadService } from '#dist/workers/thread-tier/thread-service.js';
import { remote } from '#dist/workers/link/closed-port.js';
import { fixture, neverLoads, temporaryDirectory } from '../../support/daemon.js';
import { FakeClock } from '../../support/fake-clock.js';
import { until } from '../../support/until.js';
import { orFail } from '../../support/or-fail.js';

describe('the thread of a service', () => {
  function makeService(module: string, workerData?: unknown) {
    const clock = new FakeClock();
    const timers: number[] = [];
    const counts = { up: 0, down: 0 };
    const service = new ThreadService(
      {
        start: {
          daemon: '/test',
          module,
          workerData,
          log: logSettings(pino({ level: 'silent' })),
          maxMessageSize: 1024 * 1024,
          refused: new SharedArrayBuffer(8),
        },
        thread: {},
        startTimeout: 30_000,
        unresponsiveAfter: 3_600_000,
        clock: {
          now: () => clock.now(),
          after(ms, action) {
            timers.push(ms);
            return clock.after(ms, action);
          },
        },
        host: undefined,
      },
      {
        onUp: () => (counts.up += 1),
        onDown: () => (counts.down += 1),
        onEvents: () => undefined,
        log: { line: () => undefined, lost: () => undefined, refused: () => undefined },
      },
    );
    onTestFinished(() => service.close());
    return { clock, service, counts, timers };
  }

  test('is replaced at once five times, then only when the period is over', async () => {
    const { clock, service, counts, timers } = makeService(fixture('service.js').href);
    await service.start();
    for (let death = 1; death <= 6; death += 1) {
      await until(() => counts.up === death, 'it is up');
      const port = service.connect() as MessagePort;
      remote(port).call('exit', []).catch(orFail);
      await until(() => counts.down === death, 'it has died');
      port.close();
      clock.advance(0);
    }
    expect(service.connect()).toContain('being replaced');
    // Beside the time for its start, and the looks at its loop.
    expect(timers.filter((ms) => ms !== 30_000 && ms !== 500)).toEqual([0, 0, 0, 0, 0, 10_000]);
    clock.advance(10_000);
    await until(() => counts.up === 7, 'it is up again');
  });

  test('that is ready in the instant of its close is closed: nobody is connected with it', async () => {
    const words = new Int32Array(new SharedArrayBuffer(12));
    const { service, counts } = makeService(fixture('ready-when-told.js').href, words.buffer);
    const started = service.start().catch(() => undefined);
    await until(() => Atomics.load(words, 0) === 1, 'its module is being loaded');
    // Main is late: the thread has said that it is ready, and main has not read it.
    Atomics.store(words, 1, 1);
    Atomics.notify(words, 1);
    expect(Atomics.wait(words, 2, 0, 20_000)).not.toBe('timed-out');
    service.close();
    await started;
    expect(counts.up).toBe(0);
    expect(service.connect()).toBe('the daemon is shutting down');
  });

  test('that is not ready in time is given up', async () => {
    const begun = join(temporaryDirectory(), 'begun');
    const { clock, service } = makeService(neverLoads(begun));
    const starting = expect(service.start()).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await until(() => existsSync(begun), 'its module is being loaded');
    clock.advance(30_000);
    await starting;
  });
});
