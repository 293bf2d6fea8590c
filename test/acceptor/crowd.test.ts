// More clients than a daemon has descriptors for.
import { readFileSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { act, endpointIn, fixture, temporaryDirectory } from '../support/daemon.js';
import { RawClient } from '../support/raw-client.js';

const hasPrlimit = spawnSync('prlimit', ['--version']).error === undefined;

/** A daemon that may open 160 files, and so accepts 96 connections. */
async function smallDaemon(path: string, connections: object): Promise<void> {
  const script = [fileURLToPath(fixture('daemon.js')), path, '', JSON.stringify({ connections })];
  const line = ['--nofile=160:160', '--', process.execPath, ...script];
  const child = spawn('prlimit', line, { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  await once(createInterface({ input: child.stdout }), 'line');
}

/** A client that does not read, so that it holds its descriptor as long as it may; undefined if it is cut at once. */
async function crowdMember(path: string): Promise<Socket | undefined> {
  const socket = connect(path);
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  onTestFinished(() => void socket.destroy());
  return socket.pause();
}

test.skipIf(!hasPrlimit).each([
  ['the default', {}],
  ['more than there are files', { max: 10_000 }],
])('while a crowd is refused, handlers open files; connections.max is %s', async (_what, connections) => {
  const directory = temporaryDirectory();
  const path = endpointIn(directory);
  const file = join(directory, 'file');
  await smallDaemon(path, connections);
  const client = await RawClient.connect(path);
  await Promise.all(Array.from({ length: 250 }, () => crowdMember(path)));
  for (let n = 0; n < 20; n += 1)
    expect(await client.request(act('note', { file, text: String(n) }))).toEqual({
      Success: { message: String(n) },
    });
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(21);
});
