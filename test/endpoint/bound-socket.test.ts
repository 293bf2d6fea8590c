// The bind of a socket: private from the first moment, in any thread, and nothing of anybody else is touched.
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bindSocket } from '#dist/endpoint/bound-socket.js';
import { temporaryDirectory } from '../support/daemon.js';
import { RawClient } from '../support/raw-client.js';

const mode = (path: string): number => lstatSync(path).mode & 0o777;
const options = {
  privateDirectory: true,
  onConnection: () => undefined,
  onError: () => undefined,
};

describe.skipIf(process.platform === 'win32')('a bind', () => {
  test('opens the socket to nobody else, not for a moment, and leaves the umask as it was', async () => {
    const directory = temporaryDirectory();
    const umask = process.umask(0);
    onTestFinished(() => void process.umask(umask));
    const binding = bindSocket(join(directory, 's'), options);
    // It is bound within the call, and has its mode only later.
    expect(process.umask(0)).toBe(0);
    expect(readdirSync(directory).map((name) => mode(join(directory, name)) & 0o077)).toEqual([0]);
    (await binding).close();
  });

  test('leaves a file that came meanwhile untouched, and nothing of its own', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 's');
    writeFileSync(path, 'precious');
    await expect(bindSocket(path, options)).rejects.toMatchObject({ code: 'ENDPOINT_IN_USE' });
    expect(readFileSync(path, 'utf8')).toBe('precious');
    expect(readdirSync(directory)).toEqual(['s']);
    rmSync(path);
    const bound = await bindSocket(path, options);
    expect([readdirSync(directory), mode(path)]).toEqual([['s'], 0o600]);
    bound.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  test.each([
    [
      'a socket',
      async (path: string) => {
        await once(createServer().listen(path).unref(), 'listening');
      },
    ],
    ['a file', async (path: string) => writeFileSync(path, 'precious')],
    ['a directory', async (path: string) => mkdirSync(path)],
  ])('that is closed leaves %s that took its place untouched', async (_what, make) => {
    const directory = temporaryDirectory();
    const path = join(directory, 's');
    const bound = await bindSocket(path, options);
    renameSync(path, join(directory, 'former'));
    await make(path);
    const { ino } = lstatSync(path);
    bound.close();
    expect(lstatSync(path).ino).toBe(ino);
    await expect(RawClient.connect(join(directory, 'former'))).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    expect(readdirSync(directory)).toEqual(['former', 's']);
  });
});

async function inThread(workerData: { path: string; privateDirectory: boolean; noLinks?: boolean }) {
  const worker = new Worker(new URL('../fixtures/binds.js', import.meta.url), { workerData });
  onTestFinished(async () => {
    await worker.terminate();
  });
  const [word] = (await once(worker, 'message')) as [string];
  const close = async (): Promise<void> => {
    worker.postMessage('close');
    await once(worker, 'message');
  };
  return { word, close };
}

describe.skipIf(process.platform === 'win32').each([
  ['in a private directory', { privateDirectory: true }],
  ['in a directory that others can enter', { privateDirectory: false }],
  ['without links', { privateDirectory: false, noLinks: true }],
])('a bind in a worker thread, %s,', (_where, how) => {
  test('is as private and as clean as one on the main thread', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 's');
    const { word, close } = await inThread({ path, ...how });
    expect(word).toBe('bound');
    expect([readdirSync(directory), mode(path)]).toEqual([['s'], 0o600]);
    const client = await RawClient.connect(path);
    client.socket.destroy();
    await close();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('leaves a file that came meanwhile untouched', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 's');
    writeFileSync(path, 'precious');
    expect((await inThread({ path, ...how })).word).toBe('ENDPOINT_IN_USE');
    expect(readFileSync(path, 'utf8')).toBe('precious');
    expect(readdirSync(directory)).toEqual(['s']);
  });

  test('is closed without a touch to what took its place', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 's');
    const { close } = await inThread({ path, ...how });
    rmSync(path);
    writeFileSync(path, 'precious');
    await close();
    expect(readFileSync(path, 'utf8')).toBe('precious');
    expect(readdirSync(directory)).toEqual(['s']);
  });
});

test.runIf(process.platform === 'linux')(
  'in a worker thread a path may be long in a private directory, and is refused elsewhere',
  async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'x'.repeat(50), 'y'.repeat(107 - directory.length - 52));
    mkdirSync(join(path, '..'));
    const first = await inThread({ path, privateDirectory: true });
    expect(first.word).toBe('bound');
    await first.close();
    const deep = join(directory, 'z'.repeat(107 - directory.length - 3), 's');
    mkdirSync(join(deep, '..'));
    expect((await inThread({ path: deep, privateDirectory: false })).word).toBe('ENDPOINT_TOO_LONG');
    expect(readdirSync(join(deep, '..'))).toEqual([]);
  },
);
