// The service that handlers of all lanes share, and what a hostile caller can reach of it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { pino } from 'pino';
import { expose, remote } from '#dist/workers/link/closed-port.js';
import { ThreadService } from '#dist/workers/lanes/service-host.js';
import { logSettings } from '#dist/workers/link/log.js';
import { functionTable } from '#dist/workers/link/function-table.js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { act, fixture, neverLoads, temporaryDirectory, testDaemon } from '../support/daemon.js';
import { FakeClock } from '../support/fake-clock.js';
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

  test('that throws costs the caller an Error; an unknown function is one too', async () => {
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

  test('that spins for ever is replaced like one that died', async () => {
    const { path } = await testDaemon({
      service: fixture('service.js'),
      workers: { ...workers, unresponsiveAfter: 1000 },
    });
    const client = await RawClient.connect(path);
    expect(await client.request(call('add', 5))).toEqual(data(5));
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
    expect(await client.request(call('add', 1))).toEqual(data(1));
  });
});

describe('the thread of a service', () => {
  function makeService(module: string) {
    const clock = new FakeClock();
    const timers: number[] = [];
    const counts = { up: 0, down: 0 };
    const service = new ThreadService(
      {
        start: {
          module,
          workerData: undefined,
          log: logSettings(pino({ level: 'silent' })),
          maxMessageSize: 1024 * 1024,
        },
        resourceLimits: {},
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
        onLog: () => undefined,
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
      void remote(port).call('exit', []);
      await until(() => counts.down === death, 'it has died');
      port.close();
      clock.advance(0);
    }
    expect(service.connect()).toBeUndefined();
    // Beside the time for its start, and the looks at its loop.
    expect(timers.filter((ms) => ms !== 30_000 && ms !== 500)).toEqual([0, 0, 0, 0, 0, 10_000]);
    clock.advance(10_000);
    await until(() => counts.up === 7, 'it is up again');
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

describe('the host of a service', () => {
  test('is called on the main thread, and nothing else of it', async () => {
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

  test('that was not given says so', async () => {
    const { path } = await testDaemon({ service: fixture('service.js') });
    const client = await RawClient.connect(path);
    expect(await client.request(call('askHost', 'twice', 4))).toEqual(
      anError('startDaemon was given no host'),
    );
  });
});

describe('an object as service', () => {
  test('runs on the main thread, methods of its class included, and nothing else of it can be called', async () => {
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

describe('the exposed table', () => {
  /** Sends Comlink's own messages by hand, as a hostile other side would. */
  function hostile(): {
    ask: (message: object) => Promise<unknown>;
    port: MessagePort;
    touched: () => unknown;
  } {
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port1.close());
    const service = { add: (a: number, b: number) => a + b };
    expose(functionTable(service), port2);
    let id = 0;
    const ask = (message: object) =>
      new Promise((resolve) => {
        const own = `hostile-${id++}`;
        const listen = (answer: { id?: unknown }): void => {
          if (answer.id !== own) return;
          port1.off('message', listen);
          resolve(answer);
        };
        port1.on('message', listen);
        port1.postMessage({ id: own, ...message });
      });
    return { ask, port: port1, touched: () => (service as Record<string, unknown>)['evil'] };
  }
  const raw = (value: unknown) => ({ type: 'RAW', value });

  test('answers call(name, args)', async () => {
    const { port } = hostile();
    expect(await remote(port).call('add', [1, 2])).toBe(3);
  });

  test.each([
    [
      'the Function constructor',
      { type: 'CONSTRUCT', path: ['call', 'constructor'], argumentList: [raw('return process.pid')] },
    ],
    [
      'the Function constructor, applied',
      { type: 'APPLY', path: ['call', 'constructor'], argumentList: [raw('a'), raw('b')] },
    ],
    ['a setter', { type: 'SET', path: ['evil'], value: raw(1) }],
    ['a prototype', { type: 'SET', path: ['__proto__', 'evil'], value: raw(1) }],
    ['a getter', { type: 'GET', path: ['call'] }],
    ['an endpoint', { type: 'ENDPOINT', path: [] }],
    ['a release', { type: 'RELEASE', path: [] }],
    [
      'a call with a handler for an argument',
      {
        type: 'APPLY',
        path: ['call'],
        argumentList: [raw('add'), { type: 'HANDLER', name: 'throw', value: {} }],
      },
    ],
    [
      'a name that is no string',
      { type: 'APPLY', path: ['call'], argumentList: [raw(['add']), raw([1, 2])] },
    ],
  ])('refuses %s', async (_what, message) => {
    const { ask, touched } = hostile();
    const answer = (await ask(message)) as { value: { error?: { code: string } } };
    expect(answer.value.error?.code).toBe('SERVICE_METHOD_UNKNOWN');
    expect(touched()).toBeUndefined();
    expect('evil' in {}).toBe(false);
  });

  test('carries an error’s code and message', async () => {
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port1.close());
    const fail = (): never => {
      throw Object.assign(new TypeError('no file'), { code: 'ENOENT' });
    };
    expose(functionTable({ fail }), port2);
    await expect(remote(port1).call('fail', [])).rejects.toMatchObject({
      name: 'TypeError',
      code: 'ENOENT',
      message: 'no file',
    });
  });
});
