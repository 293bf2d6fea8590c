// Named pipes: one daemon of many, names that nobody else can take, and the original's names for its clients.
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { IpcClient, socketPathOf } from 'bunctl-ipc/client';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { claimEndpoint } from '#dist/endpoint/claim.js';
import { defaultSocketPath, endpointAt } from '#dist/endpoint/default-path.js';
import { asRefused, checkNode } from '#dist/endpoint/pipe-faults.js';
import { pipeAt } from '#dist/endpoint/place.js';
import { originalPipeOf } from '#dist/protocol/endpoints.js';
import { testDaemon } from '../support/daemon.js';
import { ownEndpoint, temporaryDirectory } from '../support/endpoints.js';
import { namesAreExclusive, socketsAreFiles } from '../support/platform.js';
import { spawnDaemon } from '../support/processes.js';
import { RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';

const fault = (code: string) => Object.assign(new Error(`listen ${code}`), { code });

test('only a name that is in use is told as in use', () => {
  expect(asRefused(fault('EADDRINUSE'), 'p')).toMatchObject({ code: 'ENDPOINT_IN_USE' });
  for (const code of ['EACCES', 'EINVAL', 'EMFILE'])
    expect(asRefused(fault(code), 'p')).toMatchObject({ code: 'ENDPOINT_UNUSABLE' });
});

test('a Node that reads from pipes without a bound is refused, with the reason', () => {
  expect(() => checkNode('20.20.2')).toThrow(
    /Node 22 or later: Node 20.20.2 reads from a pipe without a bound/,
  );
  expect(() => checkNode('22.0.0')).not.toThrow();
  expect(() => checkNode('100.1.0')).not.toThrow();
});

/** A profile of the test's own, in which the places are. */
function profile(): string {
  const folder = temporaryDirectory();
  vi.stubEnv('LOCALAPPDATA', folder);
  vi.stubEnv('BUNCTL_SOCKET', undefined);
  onTestFinished(() => void vi.unstubAllEnvs());
  return folder;
}

const claim = async (path: string, onConnection = (socket: Socket) => void socket.destroy()) => {
  const held = await claimEndpoint(path, { onConnection });
  onTestFinished(() => held.release());
  return held;
};

describe.skipIf(socketsAreFiles)('a pipe', () => {
  test('of ten daemons started at once exactly one listens, and the others say why not', async () => {
    const path = ownEndpoint();
    const daemons = await Promise.all(Array.from({ length: 10 }, () => spawnDaemon(path)));
    const words = daemons.map(({ word }) => word).sort();
    expect(words).toEqual([...Array<string>(9).fill('ENDPOINT_IN_USE'), 'listening']);
    const client = await RawClient.connect(path);
    expect(await client.request('List')).toHaveProperty('Data');
  });

  test('of a daemon that was killed is free', async () => {
    const path = ownEndpoint();
    const { child } = await spawnDaemon(path);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect((await spawnDaemon(path)).word).toBe('listening');
  });

  test('is free after a release', async () => {
    const path = ownEndpoint();
    const first = await claim(path);
    await expect(claim(path)).rejects.toMatchObject({ code: 'ENDPOINT_IN_USE' });
    await first.release();
    await claim(path);
  });

  test.runIf(namesAreExclusive)('of another program is left alone', async () => {
    const path = ownEndpoint();
    const other = createServer().listen(path);
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    await expect(claim(path)).rejects.toMatchObject({ code: 'ENDPOINT_IN_USE' });
  });

  test('of a path is found by our clients by the whole path, and by the original’s by its last component', async () => {
    const [one, two] = [temporaryDirectory(), temporaryDirectory()].map((folder) =>
      join(folder, 'work.sock'),
    );
    const { daemon } = await testDaemon({ socketPath: one as string });
    const { daemon: second } = await testDaemon({ socketPath: two as string });
    expect(daemon.socketPath).not.toBe(second.socketPath);
    const client = await IpcClient.connect(one);
    expect(client.path).toBe(daemon.socketPath);
    await client.close();
    const original = await RawClient.connect(originalPipeOf(daemon.socketPath) as string);
    expect(await original.request('List')).toHaveProperty('Data');
  });

  test('of a relative path is that of the absolute one', () => {
    expect(endpointAt('./work.sock')).toBe(endpointAt(join(process.cwd(), 'work.sock')));
  });
});

describe.skipIf(socketsAreFiles)('a place in the user’s profile', () => {
  test('is where a daemon and its clients meet without a path, by a name or by the rule', async () => {
    profile();
    const { daemon } = await testDaemon({ name: 'shop', socketPath: undefined });
    expect(daemon.socketPath).toBe(socketPathOf('shop'));
    const client = await IpcClient.connect(socketPathOf('shop'));
    expect(await client.request('List')).toHaveProperty('Data');
    await client.close();
    await expect(testDaemon({ name: 'shop', socketPath: undefined })).rejects.toMatchObject({
      code: 'ENDPOINT_IN_USE',
    });
  });

  test('has a pipe of another random name with each daemon, and none when it has ended', async () => {
    profile();
    const place = defaultSocketPath();
    const pipes = [];
    for (let n = 0; n < 2; n += 1) {
      const held = await claim(place);
      pipes.push(pipeAt(place));
      await held.release();
    }
    expect(new Set(pipes).size).toBe(2);
    for (const pipe of pipes) expect(pipe).toMatch(/^\\\\\.\\pipe\\bunctl_[\da-f]{32}$/);
    expect(pipeAt(place)).toBeUndefined();
    expect(readdirSync(dirname(place))).toEqual(['bunctl.sock.lock']);
  });

  test('whose daemon was killed leads nobody to a stranger on its pipe', async () => {
    profile();
    const place = defaultSocketPath();
    const { child, word } = await spawnDaemon(place);
    expect(word).toBe('listening');
    const pipe = pipeAt(place) as string;
    child.kill('SIGKILL');
    await once(child, 'exit');
    let connections = 0;
    const stranger = createServer(() => (connections += 1)).listen(pipe);
    await once(stranger, 'listening');
    onTestFinished(() => void stranger.close());
    await expect(IpcClient.connect(place)).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
    expect(connections).toBe(0);
    expect((await spawnDaemon(place)).word).toBe('listening');
    expect(pipeAt(place)).not.toBe(pipe);
    const client = await IpcClient.connect(place);
    await client.close();
  });

  test('is not that of a file that nobody holds', () => {
    profile();
    const place = socketPathOf('shop');
    expect(pipeAt(place)).toBeUndefined();
  });

  test('is waited for by a client that is told to', async () => {
    profile();
    const place = socketPathOf('late');
    const connecting = IpcClient.connect(place, { retry: 'absent', timeout: 60_000 });
    await claim(place, (socket) => void socket.resume());
    await (await connecting).close();
  });

  test('is found by the original’s clients by the original’s name', async () => {
    profile();
    await claim(defaultSocketPath(), (socket) => void socket.end('here'));
    const { connect } = await import('node:net');
    const socket = connect('\\\\.\\pipe\\bunctl_default');
    const [said] = (await once(socket, 'data')) as [Buffer];
    expect(said.toString()).toBe('here');
    socket.destroy();
  });

  test('keeps other files of its folder', async () => {
    const folder = profile();
    const held = await claim(socketPathOf('shop'));
    writeFileSync(join(folder, 'bunctl-ipc', 'shop.sock.txt'), 'precious');
    await held.release();
    await (await claim(socketPathOf('shop'))).release();
    await until(() => readdirSync(join(folder, 'bunctl-ipc')).length === 2, 'the name is gone');
    expect(readdirSync(join(folder, 'bunctl-ipc')).sort()).toEqual(['shop.sock.lock', 'shop.sock.txt']);
  });
});
