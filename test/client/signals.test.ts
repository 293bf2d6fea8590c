// One signal for many requests, connects and subscriptions.
import { spawn } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { IpcClient } from 'bunctl-ipc/client';
import { expect, test } from 'vitest';
import { ownEndpoint, testDaemon } from '../support/daemon.js';
import { ALL, rejection, Script, success } from './script.js';

/** What a process that runs the code as a module says on stdout and stderr. */
async function run(code: string): Promise<{ stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    cwd: join(import.meta.dirname, '..', '..'),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { stdout, stderr };
}

test('many users of one signal cause no warning, and all end with it', async () => {
  const { path } = await testDaemon();
  const none = ownEndpoint();
  const { stdout, stderr } = await run(`
    import { IpcClient } from 'bunctl-ipc/client';
    const controller = new AbortController();
    const { signal } = controller;
    // Node warns of the eleventh listener.
    const many = (act) => Array.from({ length: 15 }, act);
    const clients = await Promise.all(many(() => IpcClient.connect(${JSON.stringify(path)}, { signal })));
    const [client] = clients;
    await Promise.all(many(() => client.request('List', { signal })));
    const act = { Start: { name: 'test', config: '{"do":"hang"}' } };
    const ended = [
      ...many(() => client.request(act, { signal })),
      ...many(() => IpcClient.connect(${JSON.stringify(none)}, { retry: 'absent', timeout: 0, signal })),
      ...clients.slice(1).map((one) => one.subscribe({ AllEvents: { app_name: null } }, { signal }).next()),
    ].map((promise) => promise.then(() => 'resolved', (error) => error.message));
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error('enough'));
    console.log([...new Set(await Promise.all(ended))].join());
    for (const one of clients) await one.close();
  `);
  expect(stderr).toBe('');
  expect(stdout.trim()).toBe('enough');
});

test('a signal keeps no listener of a request or subscription that is over', async () => {
  const script = new Script();
  const { signal } = new AbortController();
  const listeners = (): number => getEventListeners(signal, 'abort').length;
  await using client = await IpcClient.connect(script.path, { signal });
  const answers = [client.request('List', { signal }), client.request('List', { signal })];
  const subscription = client.subscribe(ALL, { signal });
  expect(listeners()).toBe(1);
  await script.send(success('one'), success('two'), success('Subscribed to events'));
  await Promise.all(answers);
  await subscription.ready;
  const closing = subscription.close();
  expect(listeners()).toBe(0);
  await script.send(success('Unsubscribed from events'));
  await closing;
  expect(await rejection(client.request('List', { signal, timeout: 20 }))).toMatchObject({
    code: 'REQUEST_TIMEOUT',
  });
  expect(listeners()).toBe(0);
});
