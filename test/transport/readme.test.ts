// The README's server, run as it is written there, against clients as they come.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IpcClient } from 'bunctl-ipc';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ownEndpoint } from '../support/daemon.js';
import { hasProc } from '../support/platform.js';
import { frame, RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';

const ROOT = join(import.meta.dirname, '..', '..');
const PATH = '/run/user/1000/my.sock';
const got = (message: string) => ({ Success: { message: `got "${message}"` } });

/** The README's block of code with `IpcServer`, in a process of its own, on a path of the test's. */
async function serve(): Promise<{ child: ChildProcess; path: string }> {
  const blocks = readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/```js\n(.*?)```/gs);
  const code = [...blocks].map(([, block]) => block ?? '').find((block) => block.includes(PATH));
  if (code === undefined) throw new Error('README.md has no example with IpcServer');
  const path = ownEndpoint();
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', code.replace(`'${PATH}'`, () => JSON.stringify(path))],
    {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'pipe'],
    },
  );
  child.stderr.resume();
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const first = await IpcClient.connect(path, { retry: 'absent', timeout: 300_000 });
  expect(await first.request('List')).toEqual(got('List'));
  await first.close();
  return { child, path };
}

/** Clients of every kind: they ask and go, go without a word, go while they are answered, and write nonsense. */
async function visit(path: string): Promise<void> {
  const asking = await IpcClient.connect(path);
  expect(await asking.request('List')).toEqual(got('List'));
  await asking.close();
  const silent = await RawClient.connect(path);
  silent.socket.destroy();
  const impatient = await RawClient.connect(path);
  impatient.write(...Array.from({ length: 1000 }, () => frame('"List"')));
  await impatient.next();
  impatient.socket.destroy();
  const cut = await RawClient.connect(path);
  cut.write(frame('"List"').subarray(0, 7));
  cut.socket.end();
  expect(await cut.rest()).toEqual([]);
  const boundless = await RawClient.connect(path);
  boundless.write(Buffer.from([255, 255, 255, 255]));
  expect(await boundless.rest()).toMatchObject([{ Error: {} }]);
  boundless.socket.end();
}

describe('the README’s server', () => {
  test('serves several clients at once, also one that sends an invalid message', async () => {
    const { child, path } = await serve();
    const clients = await Promise.all([1, 2, 3].map(() => RawClient.connect(path)));
    for (const client of clients) client.send('List');
    for (const client of clients) expect(await client.next()).toEqual(got('List'));
    const [first, second, third] = clients as [RawClient, RawClient, RawClient];
    first.send({ Nonsense: {} });
    expect(await first.next()).toMatchObject({ Error: {} });
    second.socket.destroy();
    for (const client of [first, third]) expect(await client.request('List')).toEqual(got('List'));
    expect(child.exitCode).toBe(null);
  });

  test.runIf(hasProc)('keeps nothing of clients that come and go', async () => {
    const { child, path } = await serve();
    const descriptors = (): number => readdirSync(`/proc/${child.pid}/fd`).length;
    const stays = await RawClient.connect(path);
    expect(await stays.request('List')).toEqual(got('List'));
    const before = descriptors();
    for (let n = 0; n < 20; n += 1) await visit(path);
    await until(() => descriptors() <= before, `at most ${before} descriptors`);
    expect(await stays.request('List')).toEqual(got('List'));
    expect(child.exitCode).toBe(null);
  });
});
