// The service that the handlers of all lanes share, and the parts of it that a hostile caller can reach.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PERIOD } from '#dist/workers/lanes/refill.js';
import { act, fixture, temporaryDirectory, testDaemon } from '../support/daemon.js';
import { RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';

const data = (value: unknown) => ({ Data: { data: value } });
const anError = (part: string) => ({
  Error: { message: expect.stringContaining(part) as string, code: expect.any(String) as string },
});
const call = (method: string, ...args: unknown[]) => act('call', { method, args });

describe.each(['thread', 'none'] as const)('a service module (isolation %s)', (isolation) => {
  const workers = { isolation, minThreads: isolation === 'thread' ? 2 : 1 };

  test('keeps one state for the handlers of all lanes', async () => {
    const { path } = await testDaemon({ service: fixture('service.js'), workers });
    const clients = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(path)));
    const counts = await Promise.all(
      clients.flatMap((client) => [1, 2, 3].map(() => client.request(call('add', 1)))),
    );
    const numbers = counts
      .map((count) => (count as { Data: { data: number } }).Data.data)
      .toSorted((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
  });

  test('gets workerData, and publishes', async () => {
    const { path } = await testDaemon({ service: fixture('service.js'), workers, workerData: { x: 1 } });
    const client = await RawClient.connect(path);
    expect(await client.request(call('data'))).toEqual(data({ x: 1 }));
    await client.request({ Subscribe: { subscription: { LogEvents: { app_name: 'service' } } } });
    client.send(call('tell', 7));
    const frames = await client.take(2);
    expect(frames).toContainEqual(data('told'));
    expect(frames).toContainEqual({ Event: { event_type: 'log_line', data: { n: 7 } } });
  });

  test('that throws gives the caller an Error; so does an unknown function', async () => {
    const { path } = await testDaemon({ service: fixture('service.js'), workers });
    const client = await RawClient.connect(path);
    expect(await client.request(call('fail'))).toEqual(anError('the service says no'));
    for (const name of ['nope', 'constructor', '__proto__', 'toString', 'call']) {
      expect(await client.request(call(name))).toEqual(anError('There is no function'));
    }
  });

  test('that dies: calls under way reject, it is replaced, and the lanes find the new one', async () => {
    const { path } = await testDaemon({ service: fixture('service.js'), workers });
    const [waiting, killer] = [await RawClient.connect(path), await RawClient.connect(path)];
    expect(await killer.request(call('add', 5))).toEqual(data(5));
    waiting.send(call('hang'));
    expect(await killer.request(call('exit'))).toEqual(anError('The service cannot be called'));
    expect(await waiting.next()).toEqual(anError('The service cannot be called'));
    await until(async () => {
      const answer = (await killer.request(call('add', 1))) as object;
      return 'Data' in answer;
    }, 'the service is back');
    // A new one, so with a new state.
    expect(await killer.request(call('add', 1))).toEqual(data(2));
  });

  test('that is down: calls say so, also those of a lane that starts meanwhile', async ({ skip }) => {
    const began = performance.now();
    const { path, daemon } = await testDaemon({
      service: fixture('service.js'),
      workers: { ...workers, minThreads: 1, maxThreads: 1 },
    });
    const client = await RawClient.connect(path);
    // The sixth death within the period is the one after which it stays down for a while.
    for (let death = 1; death <= 6; death += 1) {
      expect(await client.request(call('exit'))).toEqual(anError('The service cannot be called'));
      if (death < 6)
        await until(async () => 'Data' in ((await client.request(call('add', 1))) as object), 'it is back');
    }
    skip(performance.now() - began > PERIOD, 'this machine takes longer than the period for six deaths');
    expect(await client.request(call('add', 1))).toEqual(anError('died and is being replaced'));
    if (isolation === 'none') return;
    await client.request(act('exit'));
    await until(() => daemon.stats().lanes[0]?.id === 2, 'the lane is replaced');
    expect(await client.request(call('add', 1))).toEqual(anError('died and is being replaced'));
  });

  test('that spins for ever is replaced like a dead one', async () => {
    const { path } = await testDaemon({
      service: fixture('service.js'),
      workers: { ...workers, unresponsiveAfter: 1000 },
    });
    const client = await RawClient.connect(path);
    // On a busy machine a thread may look as if it spun before it does.
    await until(
      async () => JSON.stringify(await client.request(call('add', 5))) === JSON.stringify(data(5)),
      'it answers',
    );
    expect(await client.request(call('spin'))).toEqual(anError('The service cannot be called'));
    await until(
      async () => JSON.stringify(await client.request(call('add', 1))) === JSON.stringify(data(1)),
      'there is a new one, with a state of its own',
    );
  });

  test('that never answers: the call ends with the command’s deadline', async () => {
    const { path } = await testDaemon({
      service: fixture('service.js'),
      workers: { ...workers, commandTimeout: 80 },
    });
    const client = await RawClient.connect(path);
    expect(await client.request(call('hang'))).toEqual(anError('did not finish within 80 ms'));
    // On a busy machine a good answer may take longer than that, too.
    await until(
      async () => JSON.stringify(await client.request(call('add', 0))) === JSON.stringify(data(0)),
      'it answers the next call',
    );
  });
});

describe.each(['thread', 'process'] as const)(
  'a service that dies while a lane loads its module (%s)',
  (isolation) => {
    test('is told to the lane, which does not die of it', async () => {
      const file = join(temporaryDirectory(), 'go');
      writeFileSync(file, '');
      const { path, daemon } = await testDaemon({
        commands: `${fixture('pings.js').href}?wait=${encodeURIComponent(file)}`,
        service: fixture('service.js'),
        workers: { isolation, minThreads: 1, maxThreads: 1, commands: { Stop: 'inline', List: 'inline' } },
      });
      const client = await RawClient.connect(path);
      rmSync(file);
      expect(await client.request({ Restart: { name: 'lane' } })).toHaveProperty('Error');
      expect(await client.request({ Stop: { name: 'service' } })).toEqual(
        anError('The service cannot be called'),
      );
      await until(async () => 'Data' in ((await client.request('List')) as object), 'the service is back');
      writeFileSync(file, '');
      expect(await client.request({ Status: { name: 'a' } })).toHaveProperty('Data');
      expect(daemon.stats().laneDeaths).toBe(1);
    });
  },
);

describe('the host of a service', () => {
  test('is called on the main thread, and only its own functions can be called', async () => {
    const host = { pid: () => process.pid, twice: (n: number) => n * 2 };
    const { path } = await testDaemon({ service: fixture('service.js'), host });
    const client = await RawClient.connect(path);
    expect(await client.request(call('askHost', 'twice', 4))).toEqual(data(8));
    expect(await client.request(call('askHost', 'constructor'))).toEqual(anError('There is no function'));
    await client.request(call('exit'));
    await until(
      async () =>
        JSON.stringify(await client.request(call('askHost', 'twice', 4))) === JSON.stringify(data(8)),
      'the next service has the host too',
    );
  });

  test('that was not given: calls say so', async () => {
    const { path } = await testDaemon({ service: fixture('service.js') });
    const client = await RawClient.connect(path);
    expect(await client.request(call('askHost', 'twice', 4))).toEqual(
      anError('startDaemon was given no host'),
    );
  });
});

describe('an object as service', () => {
  test('runs on the main thread, methods of its class included; nothing else can be called', async () => {
    class Counter {
      #count = 0;
      add(by: number): number {
        return (this.#count += by);
      }
      pid(): number {
        return process.pid;
      }
    }
    const { path } = await testDaemon({ service: new Counter() });
    const client = await RawClient.connect(path);
    expect(await client.request(call('add', 2))).toEqual(data(2));
    expect(await client.request(call('pid'))).toEqual(data(process.pid));
    expect(await client.request(call('constructor'))).toEqual(anError('There is no function'));
  });

  test('without a service a call says so', async () => {
    const { path } = await testDaemon();
    const client = await RawClient.connect(path);
    expect(await client.request(call('add', 1))).toEqual(anError('startDaemon was given no service'));
  });
});
