// The client against a scripted daemon: what it sends, which request an answer belongs to, and that nothing stays pending.
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnSync } from 'node:child_process';
import { AnswerError, IpcClient, IpcError } from 'bunctl-ipc/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { act, ownEndpoint, testDaemon } from '../support/daemon.js';
import { spawnDaemon } from '../support/processes.js';
import { socketsAreFiles } from '../support/platform.js';
import { frame } from '../support/raw-client.js';
import { until } from '../support/until.js';
import { ALL, event, rejection, Script, success } from './script.js';

/** Lets the loop turn often enough for every active reader to read everything. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('requests', () => {
  test('are pipelined and answered in order, events kept apart', async () => {
    const script = new Script();
    const client = await script.connect();
    const answers = [client.request('List'), client.request({ Stop: { name: 'a' } })];
    expect(await script.got(2)).toEqual(['List', { Stop: { name: 'a' } }]);
    await script.send(event(1), success('one'), event(2), success('two'));
    expect(await Promise.all(answers)).toEqual([success('one'), success('two')]);
  });

  test('an Error rejects its request with the code of the daemon, and the connection goes on', async () => {
    const script = new Script();
    const client = await script.connect();
    const [first, second] = [client.request('List'), client.request('List')];
    const answer = { Error: { message: 'no', code: 'APP_NOT_FOUND', more: 1 } };
    await script.send(answer, success('two'));
    const error = await rejection(first);
    expect(error).toBeInstanceOf(AnswerError);
    expect(error).toBeInstanceOf(IpcError);
    expect(error).toMatchObject({ code: 'APP_NOT_FOUND', message: 'no', answer });
    expect(await second).toEqual(success('two'));
    expect(client.closed).toBe(false);
  });

  test.each([undefined, '', 5, null])(
    'an Error whose code is %j, which is not a code, rejects with COMMAND_REFUSED',
    async (code) => {
      const script = new Script();
      const client = await script.connect();
      const answer = rejection(client.request('List'));
      await script.send({ Error: { message: 'no', code } });
      expect(await answer).toMatchObject({ code: 'COMMAND_REFUSED', message: 'no' });
      expect(client.closed).toBe(false);
    },
  );

  test('recv() gives an Error as a value, as it came', async () => {
    const script = new Script();
    const client = await script.connect();
    await client.send('List');
    const answer = { Error: { message: 'no', code: 'APP_NOT_FOUND' } };
    await script.send(answer);
    expect(await client.recv()).toEqual(answer);
  });

  test('a timeout rejects one request, and its late answer goes to nobody', async () => {
    const script = new Script();
    const client = await script.connect();
    const error = await rejection(client.request('List', { timeout: 20 }));
    expect(error).toMatchObject({
      code: 'REQUEST_TIMEOUT',
      message: expect.stringContaining('timeout') as string,
    });
    const second = client.request('List');
    await script.send(success('late'), success('second'));
    expect(await second).toEqual(success('second'));
  });

  test('a signal rejects one request with its reason', async () => {
    const script = new Script();
    const client = await script.connect();
    const controller = new AbortController();
    const first = rejection(client.request('List', { signal: controller.signal }));
    const second = client.request('List');
    controller.abort(new Error('enough'));
    expect((await first).message).toBe('enough');
    await script.send(success('first'), success('second'));
    expect(await second).toEqual(success('second'));
    expect((await rejection(client.request('List', { signal: controller.signal }))).message).toBe('enough');
  });

  test.each<[string, string, (socket: Socket, client: IpcClient) => unknown]>([
    ['the daemon ends the stream', 'CONNECTION_CLOSED', (socket) => socket.end()],
    ['the connection breaks', 'CONNECTION_CLOSED', (socket) => socket.destroy()],
    [
      'the stream ends in the middle of a frame',
      'FRAME_TRUNCATED',
      (socket) => socket.end(frame('{}').subarray(0, 5)),
    ],
    ['a frame is too large', 'FRAME_TOO_LARGE', (socket) => socket.write(Buffer.from([1, 0, 16, 0]))],
    ['a frame is not JSON', 'MESSAGE_INVALID', (socket) => socket.write(frame('nonsense'))],
    ['a frame is not a response', 'REPLY_INVALID', (socket) => socket.write(frame('{"Oops":{}}'))],
    ['the client is closed', 'CONNECTION_CLOSED', (_socket, client) => client.close()],
  ])('all pending reject when %s', async (_what, code, happen) => {
    const script = new Script();
    const client = await script.connect({ maxMessageSize: 1024 * 1024 });
    const subscription = client.subscribe(ALL);
    await script.send(success('Subscribed to events'));
    await subscription.ready;
    const reading = rejection(subscription.next());
    const pending = [client.request('List'), client.request('List')].map(rejection);
    await script.got(3);
    happen(await script.socket, client);
    expect(await Promise.all(pending)).toMatchObject([{ code }, { code }]);
    expect(await reading).toMatchObject({ code });
    expect(client.closed).toBe(true);
    expect(await rejection(client.request('List'))).toMatchObject({ code });
  });

  test('the reason that a daemon gives for closing the connection is quoted', async () => {
    const script = new Script();
    const client = await script.connect();
    await script.send({ Error: { message: 'too many connections', code: 'TOO_MANY_CONNECTIONS' } });
    await until(() => client.closed, 'the client has ended');
    expect(await rejection(client.request('List'))).toMatchObject({
      code: 'TOO_MANY_CONNECTIONS',
      message: expect.stringContaining('too many connections') as string,
    });
  });

  test('a request that is too large is refused and harms nothing', async () => {
    const script = new Script();
    const client = await script.connect({ maxMessageSize: 100 });
    const error = await rejection(client.request({ Start: { name: 'a', config: 'x'.repeat(100) } }));
    expect(error).toMatchObject({
      code: 'FRAME_TOO_LARGE',
      message: expect.stringContaining('exceeds maximum allowed size') as string,
    });
    const next = client.request('List');
    await script.send(success('fine'));
    expect(await next).toEqual(success('fine'));
  });
});

describe('a daemon that does not answer', () => {
  test('may owe 10,000 answers at most, including those of requests that were given up', async () => {
    const script = new Script();
    const client = await script.connect();
    const first = client.request('List', { timeout: 1 });
    expect(await rejection(first)).toMatchObject({ code: 'REQUEST_TIMEOUT' });
    const others = Array.from({ length: 9999 }, () => rejection(client.request('List')));
    expect(await rejection(client.request('List'))).toMatchObject({
      code: 'REQUEST_TIMEOUT',
      message: expect.stringContaining('10000 requests have no answer') as string,
    });
    await script.got(10_000);
    await script.send(success('late'), success('second'));
    expect(await rejection(others[0] ?? first)).toEqual({ message: 'resolved' });
    const again = rejection(client.request('List'));
    await script.got(10_001);
    await client.close();
    expect(await again).toMatchObject({ code: 'CONNECTION_CLOSED' });
  });

  test('and that does not read is sent 64 MiB at most, and does not keep the client from closing', async () => {
    const script = new Script();
    const client = await script.connect();
    (await script.socket).pause();
    const large = { Start: { name: 'a', config: 'x'.repeat(9 * 1024 * 1024) } };
    const sent = Array.from({ length: 7 }, () => rejection(client.request(large)));
    expect(await rejection(client.request(large))).toMatchObject({
      code: 'REQUEST_TIMEOUT',
      message: expect.stringContaining('has not read') as string,
    });
    await client.close();
    for (const one of await Promise.all(sent)) expect(one).toMatchObject({ code: 'CONNECTION_CLOSED' });
  });
});

describe('connecting', () => {
  test('to nothing fails at once with a sentence', async () => {
    const path = ownEndpoint();
    expect(await rejection(IpcClient.connect(path))).toMatchObject({ code: 'CONNECT_FAILED' });
  });

  test.runIf(socketsAreFiles)('waits for a daemon that is just starting, up to its timeout', async () => {
    const path = ownEndpoint();
    // A stale socket: the file of a process that was killed.
    spawnSync(process.execPath, [
      '-e',
      `require("net").createServer().listen(${JSON.stringify(path)},()=>process.kill(process.pid,"SIGKILL"))`,
    ]);
    expect(await rejection(IpcClient.connect(path, { timeout: 50 }))).toMatchObject({
      code: 'CONNECT_FAILED',
    });
    const connecting = IpcClient.connect(path, { timeout: 20_000 });
    await sleep(30);
    // Renamed into place: at no moment is there no file.
    const server = createServer((socket) => void socket.resume());
    server.listen(`${path}2`);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    renameSync(`${path}2`, path);
    const client = await connecting;
    expect(client.closed).toBe(false);
    await client.close();
  });

  test.runIf(socketsAreFiles)(
    'to a socket without a listener fails at once if it is told not to retry',
    async () => {
      const path = ownEndpoint();
      const { child } = await spawnDaemon(path);
      child.kill('SIGKILL');
      await once(child, 'exit');
      // Tried again it would outlast the test.
      const failed = await rejection(IpcClient.connect(path, { timeout: 120_000, retry: 'busy' }));
      expect(failed).toMatchObject({
        code: 'CONNECT_FAILED',
        message: expect.stringContaining('nobody listens') as string,
      });
    },
  );

  test('waits for a daemon that has no socket yet when it is told to', async () => {
    const path = ownEndpoint();
    expect(await rejection(IpcClient.connect(path))).toMatchObject({ code: 'CONNECT_FAILED' });
    const connecting = IpcClient.connect(path, { timeout: 30_000, retry: 'absent' });
    await spawnDaemon(path);
    await using client = await connecting;
    expect(client.closed).toBe(false);
  });

  test('gives up with the signal’s reason while it waits', async () => {
    const path = ownEndpoint();
    const controller = new AbortController();
    const failed = rejection(
      IpcClient.connect(path, { retry: 'absent', timeout: 120_000, signal: controller.signal }),
    );
    controller.abort(new Error('enough'));
    expect(await failed).toMatchObject({ message: 'enough' });
  });

  test.runIf(process.getuid?.() === 0)(
    'refuses a socket that belongs to another user, or is in the directory of another user',
    async () => {
      const { chownSync } = await import('node:fs');
      const script = new Script();
      await until(async () => (await import('node:fs')).existsSync(script.path), 'it listens');
      chownSync(script.path, 12345, 12345);
      expect(await rejection(IpcClient.connect(script.path))).toMatchObject({ code: 'ENDPOINT_NOT_OURS' });
      chownSync(script.path, 0, 0);
      chownSync(dirname(script.path), 12345, 12345);
      expect(await rejection(IpcClient.connect(script.path))).toMatchObject({ code: 'ENDPOINT_NOT_OURS' });
      chownSync(dirname(script.path), 0, 0);
      await script.connect();
    },
  );

  test('loads neither zod nor the server', () => {
    const script = `await import('bunctl-ipc/client');
      const { default: inspector } = await import('node:inspector/promises');
      const session = new inspector.Session(); session.connect();
      const urls = []; session.on('Debugger.scriptParsed', ({ params }) => urls.push(params.url));
      await session.post('Debugger.enable');
      console.log(urls.filter((url) => /zod|piscina|comlink|pino|acceptor|workers/.test(url)).join());`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      cwd: join(import.meta.dirname, '..', '..'),
    });
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe('');
  });
});

describe('subscriptions', () => {
  test('begin with the daemon’s Success; heartbeats are swallowed, drops are counted', async () => {
    const script = new Script();
    const client = await script.connect();
    const subscription = client.subscribe(ALL);
    expect(await script.got(1)).toEqual([{ Subscribe: { subscription: ALL } }]);
    await script.send(success('Subscribed to events'), event(1), event(0, 'heartbeat'), {
      Event: { event_type: 'events_dropped', data: { dropped: 7 } },
    });
    expect((await subscription.next()).value).toEqual(event(1).Event);
    expect((await subscription.next()).value).toMatchObject({ event_type: 'events_dropped' });
    expect([subscription.received, subscription.dropped]).toEqual([1, 7]);
  });

  test.each<
    [string, (controller: AbortController) => Promise<unknown>, (client: IpcClient) => Promise<unknown>]
  >([
    [
      'break',
      () => Promise.resolve(),
      async (client) => {
        for await (const _event of client.subscribe(ALL)) break;
      },
    ],
    [
      'close()',
      () => Promise.resolve(),
      async (client) => {
        const subscription = client.subscribe(ALL);
        await subscription.next();
        await subscription.close();
        expect((await subscription.next()).done).toBe(true);
      },
    ],
  ])('%s unsubscribes', async (_what, _before, leave) => {
    const script = new Script();
    const client = await script.connect();
    const left = leave(client);
    await script.send(success('Subscribed to events'), event(1));
    expect((await script.got(2))[1]).toBe('Unsubscribe');
    await script.send(event(2), success('Unsubscribed from events'));
    await left;
    const after = client.request('List');
    await script.send(success('still fine'));
    expect(await after).toEqual(success('still fine'));
  });

  test('a signal ends the loop with its reason, and unsubscribes', async () => {
    const script = new Script();
    const client = await script.connect();
    const controller = new AbortController();
    const subscription = client.subscribe(ALL, { signal: controller.signal });
    await script.send(success('Subscribed to events'));
    await subscription.ready;
    const waiting = rejection(subscription.next());
    controller.abort(new Error('enough'));
    expect((await waiting).message).toBe('enough');
    expect((await script.got(2))[1]).toBe('Unsubscribe');
  });

  test('a second subscription ends the first when it is accepted; no event between is lost', async () => {
    const script = new Script();
    const client = await script.connect();
    const first = client.subscribe(ALL);
    const second = client.subscribe({ StatusEvents: { app_name: null } });
    await script.send(success('Subscribed to events'), event(1), success('Subscribed to events'), event(2));
    expect((await second.next()).value).toEqual(event(2).Event);
    expect((await first.next()).value).toEqual(event(1).Event);
    expect((await first.next()).done).toBe(true);
  });

  test('a refused subscription says why', async () => {
    const script = new Script();
    const client = await script.connect();
    const subscription = client.subscribe(ALL);
    await script.send({ Error: { message: 'not here' } });
    expect((await rejection(subscription.next())).message).toContain('not here');
  });

  test('if the reader does not take events, reading stops and no event is lost', async () => {
    const script = new Script();
    const client = await script.connect({ eventBuffer: 64 * 1024 });
    const subscription = client.subscribe(ALL);
    await script.send(success('Subscribed to events'));
    await subscription.ready;
    const socket = await script.socket;
    const filler = 'x'.repeat(1000);
    const COUNT = 5000;
    for (let n = 0; n < COUNT; n += 1)
      socket.write(frame(JSON.stringify({ Event: { event_type: 'log_line', data: { n, filler } } })));
    await until(() => subscription.received > 60, 'some were read');
    await turns(1000);
    // The buffer, and what one read brings at most.
    expect(subscription.received).toBeLessThan(130);
    for (let n = 0; n < COUNT; n += 1) expect((await subscription.next()).value?.data).toMatchObject({ n });
    expect(subscription.dropped).toBe(0);
  });

  test('if the caller does not take the frames for recv(), reading stops too and no frame is lost', async () => {
    const script = new Script();
    const client = await script.connect({ eventBuffer: 64 * 1024 });
    await client.send('List');
    const socket = await script.socket;
    const filler = 'x'.repeat(1000);
    const COUNT = 3000;
    for (let n = 0; n < COUNT; n += 1)
      socket.write(frame(JSON.stringify({ Event: { event_type: 'log_line', data: { n, filler } } })));
    await turns(1000);
    expect(socket.writableLength).toBeGreaterThan(0);
    for (let n = 0; n < COUNT; n += 1) expect(await client.recv()).toMatchObject({ Event: { data: { n } } });
  });

  test('what had come before the end can still be read, then the end is told', async () => {
    const script = new Script();
    const client = await script.connect();
    const subscription = client.subscribe(ALL);
    await script.send(success('Subscribed to events'), event(1), event(2));
    (await script.socket).end();
    await until(() => client.closed, 'the client has seen the end');
    expect((await subscription.next()).value).toEqual(event(1).Event);
    expect((await subscription.next()).value).toEqual(event(2).Event);
    expect(await rejection(subscription.next())).toMatchObject({ code: 'CONNECTION_CLOSED' });
    expect((await subscription.next()).done).toBe(true);
  });

  test('a request is answered though the buffer is full and nobody takes from it', async () => {
    const one = { Event: { event_type: 'log_line', data: { line: 'x'.repeat(100) } } };
    const script = new Script();
    const client = await script.connect({ eventBuffer: 10 * frame(JSON.stringify(one)).length });
    const subscription = client.subscribe(ALL);
    await script.send(success('Subscribed to events'));
    await subscription.ready;
    await script.send(...Array.from({ length: 10 }, () => one));
    await until(() => subscription.received === 10, 'the buffer is full');
    await turns(100);
    const answer = client.request('List');
    await script.got(2);
    for (let n = 0; n < 20; n += 1) {
      await script.send(one);
      await until(() => subscription.received === 11 + n, 'the next event is read');
    }
    await script.send(success('reached'));
    expect(await answer).toEqual(success('reached'));
    expect(subscription.dropped).toBe(20);
  });

  test('while an answer is awaited reading goes on, and the oldest events go, counted in place', async () => {
    const script = new Script();
    const client = await script.connect({ eventBuffer: 10_000 });
    const subscription = client.subscribe(ALL);
    await script.send(success('Subscribed to events'));
    await subscription.ready;
    const answer = client.request('List');
    for (let n = 0; n < 2000; n += 1) await script.send(event(n));
    await script.send(success('reached'));
    expect(await answer).toEqual(success('reached'));
    const { value } = await subscription.next();
    const { dropped } = (value as { data: { dropped: number } }).data;
    expect(dropped).toBeGreaterThan(0);
    expect((await subscription.next()).value?.data).toEqual({ n: dropped });
    expect([subscription.received, subscription.dropped]).toEqual([2000, dropped]);
  });
});

test('with a real daemon: requests and events, to the end', async () => {
  const { path, daemon } = await testDaemon();
  await using client = await IpcClient.connect(path);
  const subscription = client.subscribe({ LogEvents: { app_name: 'a' } });
  await subscription.ready;
  expect(await client.request(act('say', { text: 'hi' }))).toEqual(success('hi'));
  await daemon.publish({ eventType: 'log_line', appName: 'a', data: { line: 'hello' } });
  expect((await subscription.next()).value).toEqual({ event_type: 'log_line', data: { line: 'hello' } });
  const ended = rejection(subscription.next());
  await daemon.close({ grace: 1000 });
  expect(await ended).toMatchObject({ code: 'CONNECTION_CLOSED' });
});
