// Connecting: the path is checked before anything is told to the daemon on it, wherever the path comes from.
import { chownSync, lchownSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { IpcClient } from 'bunctl-ipc/client';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ownEndpoint, temporaryDirectory } from '../support/daemon.js';
import { socketsAreFiles } from '../support/platform.js';
import { until } from '../support/until.js';
import { rejection, Script } from './script.js';

describe.runIf(socketsAreFiles)('a path that the kernel would cut', () => {
  test.each(['argument', 'BUNCTL_SOCKET', 'XDG_RUNTIME_DIR'])(
    'from %s does not lead to another server',
    async (source) => {
      const directory = temporaryDirectory();
      const name = source === 'XDG_RUNTIME_DIR' ? '/bunctl.sock' : '';
      const long = join(directory, 'x'.repeat(149 - directory.length - name.length));
      // What is left of the path when it is cut is another server's.
      const cut = `${long}${name}`.slice(0, 107);
      const server = createServer();
      let connections = 0;
      server.on('connection', () => (connections += 1)).listen(cut);
      onTestFinished(() => void server.close());
      await until(() => server.listening, 'it listens');
      if (source === 'argument') vi.stubEnv('BUNCTL_SOCKET', join(directory, 'none'));
      else vi.stubEnv(source, long);
      if (source === 'XDG_RUNTIME_DIR') vi.stubEnv('BUNCTL_SOCKET', undefined);
      onTestFinished(() => void vi.unstubAllEnvs());
      const connecting = source === 'argument' ? IpcClient.connect(long) : IpcClient.connect();
      if (source === 'XDG_RUNTIME_DIR') {
        // The other candidates are tried; a daemon may be on one of them on this machine.
        const error = await connecting.then((client) => client.close()).catch((thrown: unknown) => thrown);
        if (error) expect((error as Error).message).toContain('150 bytes and this system accepts');
      } else {
        expect(await rejection(connecting)).toMatchObject({
          code: 'ENDPOINT_TOO_LONG',
          message: expect.stringContaining('150 bytes and this system accepts') as string,
        });
      }
      expect(connections).toBe(0);
    },
  );
});

test.runIf(socketsAreFiles)('a file that is not a socket is reported as such, at once', async () => {
  const path = join(temporaryDirectory(), 'file');
  writeFileSync(path, '');
  const failed = await rejection(IpcClient.connect(path, { timeout: 120_000, retry: 'absent' }));
  expect(failed).toMatchObject({ code: 'ENDPOINT_NOT_A_SOCKET' });
  expect(failed.message).toContain(path);
});

test('the path of a client means the same from every folder', async () => {
  const path = ownEndpoint();
  const server = createServer((socket) => void socket.resume()).listen(path);
  onTestFinished(() => void server.close());
  await until(() => server.listening, 'it listens');
  await using client = await IpcClient.connect(socketsAreFiles ? relative(process.cwd(), path) : path);
  expect(client.path).toBe(path);
});

test('options in the place of the path are refused with the way out', async () => {
  const failed = await rejection(IpcClient.connect({ timeout: 5 } as unknown as string));
  expect(failed).toMatchObject({ code: 'OPTION_INVALID' });
  expect(failed.message).toContain('IpcClient.connect(undefined, { timeout: 1000 })');
});

test.runIf(process.getuid?.() === 0)(
  'a symbolic link is trusted no more than what it leads to, and no more than its own owner',
  async () => {
    const script = new Script();
    await script.listening;
    const directory = temporaryDirectory();
    const [toSocket, toDirectory] = [join(directory, 'socket'), join(directory, 'directory')];
    symlinkSync(script.path, toSocket);
    symlinkSync(dirname(script.path), toDirectory);
    const links = [toSocket, join(toDirectory, 's')];
    const refused = async (): Promise<void> => {
      for (const path of links)
        expect(await rejection(IpcClient.connect(path))).toMatchObject({ code: 'ENDPOINT_NOT_OURS' });
    };
    for (const file of [script.path, dirname(script.path)]) {
      chownSync(file, 12345, 12345);
      await refused();
      chownSync(file, 0, 0);
    }
    for (const link of [toSocket, toDirectory]) lchownSync(link, 12345, 12345);
    await refused();
    for (const link of [toSocket, toDirectory]) lchownSync(link, 0, 0);
    await using client = await IpcClient.connect(toSocket);
    expect(client.closed).toBe(false);
  },
);

test.runIf(process.getuid !== undefined)(
  'a socket that becomes another user’s while it is connected to is refused',
  async () => {
    const script = new Script();
    await script.listening;
    const uid = process.getuid?.() ?? 0;
    // connect() looks before it returns; root can change the owner of the file; for other users the test changes the user id.
    const connecting = rejection(IpcClient.connect(script.path));
    if (uid === 0) chownSync(script.path, 12345, 12345);
    else vi.spyOn(process, 'getuid').mockReturnValue(uid + 1);
    onTestFinished(() => void vi.restoreAllMocks());
    expect(await connecting).toMatchObject({ code: 'ENDPOINT_NOT_OURS' });
  },
);
