// A daemon as its embedder sees it: refused options, what it tells about itself, and how it ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type DaemonOptions, socketPathOf, startDaemon } from 'bunctl-ipc';
import { IpcClient } from 'bunctl-ipc/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  act,
  endpointIn,
  fixture,
  isThere,
  neverLoads,
  ownEndpoint,
  temporaryDirectory,
  testDaemon,
} from '../support/daemon.js';
import { spawnDaemon } from '../support/processes.js';
import { signalsAreMessages, socketsAreFiles } from '../support/platform.js';
import { frame, RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';

describe('options', () => {
  test.each<[string, Partial<DaemonOptions>]>([
    ['workers.minThreads', { workers: { minThreads: 0 } }],
    ['workers: minThreads must not be more than maxThreads', { workers: { minThreads: 3, maxThreads: 2 } }],
    ['workers.commandTimeout', { workers: { commandTimeout: -1 } }],
    ['workers.isolation', { workers: { isolation: 'fiber' as 'thread' } }],
    ['connections.max', { connections: { max: 0 } }],
    ['connections.maxMessageSize', { connections: { maxMessageSize: 2 ** 31 } }],
    ['subscribers.queueBytes', { subscribers: { queueBytes: 1.5 } }],
    ['subscribers: ', { subscribers: { queBytes: 1 } as never }],
    ['commands', { commands: undefined as never }],
    ['commands: must be the URL or the path of a module', { commands: 5 as never }],
    ['commands: must be the URL or the path of a module', { commands: '' }],
    ['commands: must be the URL or the path of a module', { commands: undefined as never }],
    ['name: give either a name or a socketPath', { name: 'shop' }],
    ['name: give the daemon a name of its own', { socketPath: undefined }],
    ['name of a daemon must be', { socketPath: undefined, name: '../shop' }],
    ['process manager’s', { socketPath: undefined, name: 'bunctl' }],
    ['startTimeout', { startTimeout: -1 }],
    ['startTimeout', { startTimeout: '5' as never }],
    ['signal', { signal: {} as never }],
    ['host: needs a service module', { host: { f: () => 1 } }],
    ['host: needs a service module', { host: { f: () => 1 }, service: {} }],
    ['workers.resourceLimits.stackSizeMb', { workers: { resourceLimits: { stackSizeMb: 0.4 } } }],
    ['workers.resourceLimits.stackSizeMb', { workers: { resourceLimits: { stackSizeMb: 0.01 } } }],
    ['workers.logFd: must be an open file descriptor', { workers: { logFd: 1_000_000 } }],
    ['workerData: must be a value that structuredClone() can copy', { workerData: { f: () => 1 } }],
    ['log: must be a pino logger', { log: {} as never }],
    ['log: must be a pino logger', { log: console as never }],
    ['log: must be a pino logger', { log: { child: () => undefined } as never }],
  ])('out of range are refused with a sentence: %s', async (part, options) => {
    const socketPath = ownEndpoint();
    const starting = startDaemon({ socketPath, commands: fixture('commands.js'), ...options });
    await expect(starting).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(part) as string,
    });
    expect(await isThere(socketPath)).toBe(false);
  });
});

test.each(['thread', 'process', 'none'] as const)(
  'stats() of a daemon that is closed has no lanes (%s)',
  async (isolation) => {
    const { daemon } = await testDaemon({ workers: { isolation, maxThreads: 1 } });
    expect(daemon.stats().lanes).toHaveLength(1);
    await daemon.close();
    // A busy machine may take longer than close() waits to end a process that was killed.
    await until(() => daemon.stats().lanes.length === 0, 'no lane is left');
  },
);

test('stats() describes connections, commands, lanes and events as plain data', async () => {
  const { daemon, path } = await testDaemon({ workers: { maxThreads: 1 } });
  const client = await RawClient.connect(path);
  await client.request('List');
  await client.request({ Subscribe: { subscription: { AllEvents: { app_name: null } } } });
  await daemon.publish({ eventType: 'x', data: 1 });
  await client.next();
  const stats = daemon.stats();
  expect(structuredClone(stats)).toEqual(stats);
  expect(stats).toMatchObject({
    connections: { open: 1 },
    commands: { received: 2, answered: 2, failed: 0 },
    lanes: [{ id: 1, inFlight: 0 }],
    laneDeaths: 0,
    events: { subscribers: 1, behind: 0, delivered: 1, dropped: 0, waiting: false },
  });
});

test('a client that connects while the daemon starts is answered when the daemon is up', async () => {
  const socketPath = ownEndpoint();
  const starting = startDaemon({ socketPath, commands: fixture('slow-to-load.js') });
  await until(() => isThere(socketPath), 'it is bound');
  const client = await RawClient.connect(socketPath);
  client.send('List');
  const daemon = await starting;
  expect(await client.next()).toEqual({ Data: { data: [] } });
  await daemon.close();
});

test('a client that connects while the daemon starts is let go when the start fails', async () => {
  const socketPath = ownEndpoint();
  const commands =
    'data:text/javascript,await new Promise((resolve) => setTimeout(resolve, 300)); export default 1';
  const starting = expect(startDaemon({ socketPath, commands })).rejects.toMatchObject({
    code: 'LANES_UNAVAILABLE',
  });
  await until(() => isThere(socketPath), 'it is bound');
  const client = await RawClient.connect(socketPath);
  await starting;
  expect(await client.rest()).toEqual([]);
});

test.runIf(socketsAreFiles)('a daemon with a name is found by its name', async () => {
  const before = process.env['XDG_RUNTIME_DIR'];
  const directory = temporaryDirectory();
  process.env['XDG_RUNTIME_DIR'] = directory;
  onTestFinished(() => {
    if (before === undefined) delete process.env['XDG_RUNTIME_DIR'];
    else process.env['XDG_RUNTIME_DIR'] = before;
  });
  const { daemon } = await testDaemon({ name: 'shop', socketPath: undefined });
  expect(daemon.socketPath).toBe(join(directory, 'shop.sock'));
  const client = await IpcClient.connect(socketPathOf('shop'));
  expect(await client.request('List')).toHaveProperty('Data');
  await client.close();
  await expect(startDaemon({ name: 'shop', commands: fixture('commands.js') })).rejects.toMatchObject({
    code: 'ENDPOINT_IN_USE',
  });
});

describe('a start that is given up', () => {
  type Given = Pick<DaemonOptions, 'commands' | 'service'>;
  const never = (begun: string): Given[] => [
    { commands: neverLoads(begun) },
    { commands: fixture('commands.js'), service: neverLoads(begun) },
  ];

  test.each([
    ['commands', 0],
    ['service', 1],
  ])('by a signal while its %s load is undone', async (_what, which) => {
    const directory = temporaryDirectory();
    const [socketPath, begun] = [endpointIn(directory), join(directory, 'begun')];
    const controller = new AbortController();
    const starting = startDaemon({
      socketPath,
      ...(never(begun)[which] as Given),
      signal: controller.signal,
    });
    const refused = expect(starting).rejects.toThrow('enough');
    await until(() => existsSync(begun), 'its module loads');
    const client = await RawClient.connect(socketPath);
    controller.abort(new Error('enough'));
    await refused;
    expect(await client.rest()).toEqual([]);
    expect(await isThere(socketPath)).toBe(false);
    const daemon = await startDaemon({ socketPath, commands: fixture('commands.js') });
    await daemon.close();
  });

  test('by a signal while it claims its endpoint is undone before it rejects', async () => {
    // At each moment between the look at the folder and the bound socket.
    for (let turns = 0; turns < 12; turns += 1) {
      const options = { socketPath: ownEndpoint(), commands: fixture('commands.js') };
      const controller = new AbortController();
      const starting = startDaemon({ ...options, signal: controller.signal });
      const refused = expect(starting).rejects.toThrow('enough');
      for (let turn = 0; turn < turns; turn += 1) await setImmediate();
      controller.abort(new Error('enough'));
      await refused;
      const daemon = await startDaemon({ ...options, workers: { isolation: 'none' } });
      await daemon.close();
    }
  });

  test('by its startTimeout is undone', async () => {
    const directory = temporaryDirectory();
    const [socketPath, begun] = [endpointIn(directory), join(directory, 'begun')];
    const starting = startDaemon({ socketPath, commands: neverLoads(begun), startTimeout: 50 });
    await expect(starting).rejects.toMatchObject({
      code: 'START_TIMEOUT',
      message: expect.stringContaining('50 ms') as string,
    });
    expect(await isThere(socketPath)).toBe(false);
  });

  test('leaves no thread behind that keeps the process alive', async () => {
    const directory = temporaryDirectory();
    const code = `
      import { startDaemon } from 'bunctl-ipc';
      await startDaemon({
        socketPath: ${JSON.stringify(endpointIn(directory))},
        commands: ${JSON.stringify(neverLoads(join(directory, 'begun')))},
        startTimeout: 50,
      }).catch((error) => console.log(error.code));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      cwd: join(import.meta.dirname, '..', '..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said, ended] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    expect([said, ended[0]]).toEqual(['START_TIMEOUT\n', 0]);
  });

  test('before it has begun touches nothing', async () => {
    const socketPath = ownEndpoint();
    const signal = AbortSignal.abort(new Error('enough'));
    const starting = startDaemon({ socketPath, commands: fixture('commands.js'), signal });
    await expect(starting).rejects.toThrow('enough');
    expect(await isThere(socketPath)).toBe(false);
  });

  test('too late is not given up', async () => {
    const controller = new AbortController();
    const { path } = await testDaemon({ signal: controller.signal, startTimeout: 60_000 });
    controller.abort();
    const client = await RawClient.connect(path);
    expect(await client.request('List')).toHaveProperty('Data');
  });
});

test('a daemon and a server run in a worker thread', async () => {
  const directory = temporaryDirectory();
  const [ofDaemon, ofServer] = [endpointIn(directory, 'daemon'), endpointIn(directory, 'server')];
  const worker = new Worker(fixture('in-a-thread.js'), { workerData: [ofDaemon, ofServer] });
  onTestFinished(async () => {
    await worker.terminate();
  });
  expect((await once(worker, 'message'))[0]).toBe('listening');
  const client = await RawClient.connect(ofDaemon);
  expect(await client.request('List')).toHaveProperty('Data');
  const other = await RawClient.connect(ofServer);
  expect(await other.request('List')).toEqual({ Success: { message: 'List' } });
  client.socket.end();
  other.socket.end();
  worker.postMessage('close');
  expect((await once(worker, 'message'))[0]).toBe('closed');
  expect(readdirSync(directory)).toEqual([]);
});

test.runIf(signalsAreMessages)(
  'a frame that was completed while the daemon was stopped is answered, though its time is up',
  async () => {
    const path = ownEndpoint();
    const { child } = await spawnDaemon(path, '077', JSON.stringify({ connections: { frameTimeout: 1000 } }));
    const small = Buffer.from(frame('"List"'));
    // More than the socket holds: it comes only when the daemon reads again.
    const large = Buffer.from(frame(JSON.stringify(act('say', { text: 'x'.repeat(3_000_000) }))));
    const frames = [small, small, large] as const;
    const probe = await RawClient.connect(path);
    let clients: RawClient[] = [];
    // A machine so busy that the frames' time is half up before the daemon is stopped proves nothing.
    let began = 0;
    let stopped = Infinity;
    while (stopped - began > 500) {
      child.kill('SIGCONT');
      for (const client of clients) client.socket.destroy();
      clients = await Promise.all(frames.map(() => RawClient.connect(path)));
      began = performance.now();
      for (const [n, client] of clients.entries()) client.write(frames[n]?.subarray(0, 6) as Buffer);
      expect(await probe.request('List')).toHaveProperty('Data');
      child.kill('SIGSTOP');
      stopped = performance.now();
    }
    for (const [n, client] of clients.entries()) client.write(frames[n]?.subarray(6) as Buffer);
    await until(() => performance.now() > stopped + 2500, 'the time of the frames is up');
    child.kill('SIGCONT');
    expect(await clients[0]?.next()).toHaveProperty('Data');
    expect(await clients[1]?.next()).toHaveProperty('Data');
    expect(await clients[2]?.next()).toHaveProperty('Success');
  },
);

describe('close()', () => {
  test('answers what was received whole, stops reading, and removes the socket', async () => {
    const { daemon, path } = await testDaemon();
    const client = await RawClient.connect(path);
    client.send(act('sleep', { ms: 100, text: 'one' }), act('say', { text: 'two' }));
    await until(() => daemon.stats().commands.received === 2, 'both have come');
    const closing = daemon.close({ grace: 10_000 });
    expect(await client.rest()).toEqual([{ Success: { message: 'one' } }, { Success: { message: 'two' } }]);
    expect(await closing).toBe(true);
    expect(await isThere(path)).toBe(false);
    await expect(RawClient.connect(path)).rejects.toThrow();
  });

  test('ends within its grace though a handler never returns', async () => {
    const { daemon, path } = await testDaemon();
    const client = await RawClient.connect(path);
    client.send(act('spin'));
    await until(() => daemon.stats().commands.received === 1, 'it has come');
    expect(await daemon.close({ grace: 100 })).toBe(false);
    expect(await client.rest()).toEqual([]);
  });

  test('cuts a client that does not read what is queued for it, and is not in time then', async () => {
    const { daemon, path } = await testDaemon();
    const client = await RawClient.connect(path);
    client.socket.pause();
    client.send(act('large', { bytes: 5_000_000 }));
    await until(() => daemon.stats().commands.answered === 1, 'it is answered');
    expect(await daemon.close({ grace: 20_000 })).toBe(false);
  });

  test('is in time when a client is gone before its answer', async () => {
    const { daemon, path } = await testDaemon();
    const client = await RawClient.connect(path);
    client.send(act('sleep', { ms: 100, text: 'one' }));
    await until(() => daemon.stats().commands.received === 1, 'it has come');
    client.socket.destroy();
    expect(await daemon.close({ grace: 20_000 })).toBe(true);
  });

  test('sends subscribers what is queued', async () => {
    const { daemon, path } = await testDaemon({ subscribers: { eventHold: 5000 } });
    const client = await RawClient.connect(path);
    await client.request({ Subscribe: { subscription: { AllEvents: { app_name: null } } } });
    for (let n = 0; n < 10; n += 1) await daemon.publish({ eventType: 'x', data: n });
    await daemon.close({ grace: 10_000 });
    expect(await client.rest()).toHaveLength(10);
  });

  test('can be called twice', async () => {
    const { daemon } = await testDaemon();
    expect(await Promise.all([daemon.close(), daemon.close()])).toEqual([true, true]);
  });

  test('refuses a grace that is not a time and an option that does not exist, and the daemon goes on', async () => {
    const { daemon, path } = await testDaemon();
    for (const grace of [-1, NaN, '5', null, {}]) {
      await expect(daemon.close({ grace: grace as number })).rejects.toMatchObject({
        code: 'OPTION_INVALID',
        message: expect.stringContaining('number of milliseconds') as string,
      });
    }
    await expect(daemon.close({ grase: 5 } as object)).rejects.toThrow('did you mean grace?');
    const client = await RawClient.connect(path);
    expect(await client.request('List')).toHaveProperty('Data');
  });

  test.each([Infinity, 2 ** 31, 2 ** 53])('with a grace of %d waits for the answers', async (grace) => {
    const { daemon, path } = await testDaemon();
    const client = await RawClient.connect(path);
    client.send(act('sleep', { ms: 200 }));
    await until(() => daemon.stats().commands.received === 1, 'it has come');
    const closing = daemon.close({ grace });
    expect(await client.rest()).toEqual([{ Success: { message: 'slept' } }]);
    client.socket.end();
    expect(await closing).toBe(true);
  });

  test('is in time when all was answered and sent, though a client keeps its half open', async () => {
    const { daemon, path } = await testDaemon();
    const idle = await RawClient.connect(path);
    const asking = await RawClient.connect(path);
    asking.send(act('say', { text: 'one' }));
    await until(() => daemon.stats().commands.answered === 1, 'it is answered');
    // Shorter than what such a client is given to read its answers.
    expect(await daemon.close({ grace: 500 })).toBe(true);
    expect(await idle.rest()).toEqual([]);
    expect(await asking.rest()).toEqual([{ Success: { message: 'one' } }]);
  });

  test('is not in time when an answer has not left', async () => {
    const { daemon, path } = await testDaemon();
    const client = await RawClient.connect(path);
    client.socket.pause();
    client.send(act('large', { bytes: 5_000_000 }));
    await until(() => daemon.stats().commands.answered === 1, 'it is answered');
    expect(await daemon.close({ grace: 50 })).toBe(false);
  });

  test.runIf(socketsAreFiles)(
    'answers and ends the rest although the socket’s directory is gone, and logs that',
    async () => {
      const { pino } = await import('pino');
      const directory = temporaryDirectory();
      const [inside, outside] = [join(directory, 'in'), join(directory, 'out')];
      const file = join(directory, 'log');
      const log = pino(pino.destination({ dest: file, sync: true }));
      const { daemon, path } = await testDaemon({ socketPath: join(inside, 's'), log });
      const client = await RawClient.connect(daemon.socketPath);
      client.send(act('sleep', { ms: 100, text: 'one' }));
      await until(() => daemon.stats().commands.received === 1, 'it has come');
      expect(path).not.toBe(daemon.socketPath);
      renameSync(inside, outside);
      // Whatever is asked about the socket's path fails now.
      writeFileSync(inside, '');
      const closing = daemon.close({ grace: 10_000 });
      expect(await client.rest()).toEqual([{ Success: { message: 'one' } }]);
      client.socket.end();
      expect(await closing).toBe(true);
      expect(readFileSync(file, 'utf8')).toContain('cannot be removed');
      expect(daemon.stats()).toMatchObject({ connections: { open: 0 } });
      await expect(RawClient.connect(join(outside, 's'))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    },
  );

  test('is what the end of its scope does', async () => {
    const { daemon, path } = await testDaemon();
    await daemon[Symbol.asyncDispose]();
    expect(await isThere(path)).toBe(false);
  });

  test('leaves nothing that keeps the process alive', async () => {
    const path = ownEndpoint();
    const { child } = await spawnDaemon(path);
    const client = await IpcClient.connect(path);
    await client.request('List');
    child.stdin?.end();
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
    await client.close();
  });
});

test('what a handler logs reaches the embedder’s logger', async () => {
  const { pino } = await import('pino');
  const file = join(temporaryDirectory(), 'log');
  const log = pino(pino.destination({ dest: file, sync: true }));
  const { path } = await testDaemon({ log });
  const client = await RawClient.connect(path);
  await client.request(act('log', { text: 'a word from a handler' }));
  await until(() => readFileSync(file, 'utf8').includes('a word from a handler'), 'it is logged');
});
