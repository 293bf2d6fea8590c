// A message that was sent reaches the daemon, whatever the client does next; and how a connection ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IpcClient } from 'bunctl-ipc/client';
import { expect, test } from 'vitest';
import { act, temporaryDirectory, testDaemon } from '../support/daemon.js';
import { orFail } from '../support/or-fail.js';
import { until } from '../support/until.js';
import { ALL, rejection, Script, success } from './script.js';

const lines = (file: string): number =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;

/** Runs code as a module in a process of its own; its exit code. */
async function run(code: string): Promise<number | null> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    cwd: join(import.meta.dirname, '..', '..'),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [exit] = (await once(child, 'exit')) as [number | null];
  return exit;
}

test('send() resolves when the kernel has the bytes: the process may exit then', async () => {
  const { path } = await testDaemon();
  const file = join(temporaryDirectory(), 'notes');
  const exit = await run(`
    import { IpcClient } from 'bunctl-ipc/client';
    const client = await IpcClient.connect(${JSON.stringify(path)});
    const message = ${JSON.stringify(JSON.stringify(act('note', { file, text: 'LONG' })))};
    // The kernel takes a message of this size bit by bit, as the daemon reads.
    await client.send(JSON.parse(message.replace('LONG', 'a'.repeat(8_000_000))));
    process.exit(7);
  `);
  expect(exit).toBe(7);
  await until(() => lines(file) === 1, 'the command has run');
});

test('close() lets the daemon do what it was sent', async () => {
  const { path } = await testDaemon();
  const file = join(temporaryDirectory(), 'notes');
  const client = await IpcClient.connect(path);
  for (let n = 0; n < 10; n += 1) await client.send(act('note', { file, text: String(n) }));
  await client.close();
  await until(() => lines(file) === 10, 'ten commands have run');
});

test('requests that nobody awaited run though the client is closed at once, and reject', async () => {
  const { path } = await testDaemon();
  const file = join(temporaryDirectory(), 'notes');
  const client = await IpcClient.connect(path);
  const codes = Array.from({ length: 10 }, (_, n) =>
    rejection(client.request(act('note', { file, text: String(n) }))),
  );
  await client.close();
  for (const failed of codes) expect(await failed).toMatchObject({ code: 'CONNECTION_CLOSED' });
  await until(() => lines(file) === 10, 'ten commands have run');
});

test('a loop of sends lets other things happen, and goes at the pace of the daemon', async () => {
  const script = new Script();
  const client = await script.connect();
  let [turns, sending] = [0, true];
  const count = (): void => {
    turns += 1;
    if (sending) setImmediate(count);
  };
  count();
  const config = 'x'.repeat(100_000);
  for (let n = 0; n < 300; n += 1) await client.send({ Start: { name: 'a', config } });
  sending = false;
  expect(turns).toBeGreaterThanOrEqual(300);
  await script.got(300);
});

test('send() to a daemon that does not read times out', async () => {
  const script = new Script();
  const client = await script.connect({ requestTimeout: 200 });
  (await script.socket).pause();
  const config = 'x'.repeat(1024 * 1024);
  const failed = await rejection(
    (async () => {
      for (let n = 0; n < 20; n += 1) await client.send({ Start: { name: 'a', config } });
    })(),
  );
  expect(failed).toMatchObject({ code: 'REQUEST_TIMEOUT' });
  expect(failed.message).toContain('did not read');
});

test('close({ drain }) waits for the answers that are under way, and sends nothing new', async () => {
  const script = new Script();
  const client = await script.connect();
  const answer = client.request('List');
  await script.got(1);
  const closing = client.close({ drain: 60_000 });
  expect(await rejection(client.request('List'))).toMatchObject({ code: 'CONNECTION_CLOSED' });
  expect(await rejection(client.send('List'))).toMatchObject({ code: 'CONNECTION_CLOSED' });
  expect(await rejection(client.subscribe(ALL).ready)).toMatchObject({ code: 'CONNECTION_CLOSED' });
  await script.send(success('in the end'));
  expect(await answer).toEqual(success('in the end'));
  await closing;
  expect(script.requests).toEqual(['List']);
});

test('a request that closes the connection while it is encoded rejects', async () => {
  const client = await new Script().connect();
  const config = {
    toJSON() {
      client.close().catch(orFail);
      return '';
    },
  };
  const request = client.request({ Start: { name: 'a', config } } as never, { timeout: 0 });
  expect(await rejection(request)).toMatchObject({ code: 'CONNECTION_CLOSED' });
});

test('close({ drain }) waits for the answers that recv() awaits, too', async () => {
  const script = new Script();
  const client = await script.connect();
  await client.send('List');
  const answers = [client.recv(), rejection(client.recv())];
  const closing = client.close({ drain: 60_000 });
  await script.got(1);
  await script.send(success('in the end'));
  expect(await answers[0]).toEqual(success('in the end'));
  // The second recv() awaits nothing that was asked, so it is not waited for.
  await closing;
  expect(await answers[1]).toMatchObject({ code: 'CONNECTION_CLOSED' });
});

test('close() ends a close({ drain }) that waits, and every caller is told', async () => {
  const script = new Script();
  const client = await script.connect();
  const answer = rejection(client.request('List'));
  await script.got(1);
  const closing = [client.close({ drain: 600_000 }), client.close({ drain: 600_000 }), client.close()];
  expect(await answer).toMatchObject({ code: 'CONNECTION_CLOSED' });
  (await script.socket).end();
  await Promise.all(closing);
});

test('close({ drain }) rejects what has no answer by then', async () => {
  const script = new Script();
  const client = await script.connect();
  const answer = rejection(client.request('List'));
  await script.got(1);
  await client.close({ drain: 50 });
  expect(await answer).toMatchObject({ code: 'CONNECTION_CLOSED' });
});

test('whenClosed says why the connection is over', async () => {
  const script = new Script();
  const client = await script.connect();
  (await script.socket).end();
  expect(await client.whenClosed).toMatchObject({ code: 'CONNECTION_CLOSED' });
  expect((await client.whenClosed).message).toContain('The daemon ended the connection');
});

test('a client that is unref()ed does not keep the process alive; ref() takes it back', async () => {
  const script = new Script();
  const code = (more: string, { path }: Script = script): string => `
    import { IpcClient } from 'bunctl-ipc/client';
    const client = await IpcClient.connect(${JSON.stringify(path)});
    client.subscribe(${JSON.stringify(ALL)});
    client.unref();
    client.request('List').catch(() => undefined);
    ${more}
  `;
  expect(await run(code(''))).toBe(0);
  // The unref()ed timer fires only if something else keeps the process alive.
  const refed = new Script();
  expect(await run(code('client.ref(); setTimeout(() => process.exit(9), 200).unref();', refed))).toBe(9);
});

test('a connection that has subscribed by send(), and whose daemon is silent, ends with HEARTBEAT_MISSED', async () => {
  const script = new Script();
  const client = await script.connect({ heartbeatTimeout: 100 });
  await client.send({ Subscribe: { subscription: ALL } });
  await script.send(success('Subscribed to events'));
  expect(await client.recv()).toEqual(success('Subscribed to events'));
  expect(await rejection(client.recv())).toMatchObject({ code: 'HEARTBEAT_MISSED' });
});

test('a subscription whose daemon is silent ends with HEARTBEAT_MISSED', async () => {
  const script = new Script();
  const client = await script.connect({ heartbeatTimeout: 100 });
  const subscription = client.subscribe(ALL);
  await script.send(success('Subscribed to events'));
  expect(await rejection(subscription.next())).toMatchObject({ code: 'HEARTBEAT_MISSED' });
});
