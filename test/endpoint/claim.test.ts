// Who gets an endpoint: exactly one daemon, whatever lies there, and nobody else's file is ever touched.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startDaemon } from 'bunctl-ipc';
import { describe, expect, onTestFinished, test } from 'vitest';
import { claimEndpoint } from '#dist/endpoint/claim.js';
import { bindSocket } from '#dist/endpoint/socket-file.js';
import { fixture, temporaryDirectory, testDaemon } from '../support/daemon.js';
import { FakeClock } from '../support/fake-clock.js';
import { spawnDaemon } from '../support/processes.js';
import { RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';

const mode = (path: string): number => lstatSync(path).mode & 0o777;
const claim = (path: string) => claimEndpoint(path, { onConnection: (socket) => void socket.destroy() });

async function listening(path: string): Promise<Server> {
  const server = createServer(() => undefined);
  server.listen({ path });
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return server;
}

describe.skipIf(process.platform === 'win32')('the claim', () => {
  test('of ten daemons started at once exactly one listens, and the others say why not', async () => {
    const path = join(temporaryDirectory(), 's');
    const daemons = await Promise.all(Array.from({ length: 10 }, () => spawnDaemon(path)));
    const words = daemons.map(({ word }) => word).sort();
    expect(words).toEqual([...Array<string>(9).fill('ENDPOINT_IN_USE'), 'listening']);
    const client = await RawClient.connect(path);
    expect(await client.request('List')).toHaveProperty('Data');
  });

  test('a socket left by a killed daemon is replaced', async () => {
    const path = join(temporaryDirectory(), 's');
    const first = await spawnDaemon(path);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    expect(existsSync(path)).toBe(true);
    expect((await spawnDaemon(path)).word).toBe('listening');
  });

  test('a stopped daemon keeps its socket', async () => {
    const path = join(temporaryDirectory(), 's');
    const first = await spawnDaemon(path);
    first.child.kill('SIGSTOP');
    expect((await spawnDaemon(path)).word).toBe('ENDPOINT_IN_USE');
    first.child.kill('SIGCONT');
    const client = await RawClient.connect(path);
    expect(await client.request('List')).toHaveProperty('Data');
  });

  test('a stopped daemon keeps its name even when its file was deleted', async () => {
    const path = join(temporaryDirectory(), 's');
    const first = await spawnDaemon(path);
    first.child.kill('SIGSTOP');
    rmSync(path);
    expect((await spawnDaemon(path)).word).toBe('ENDPOINT_IN_USE');
  });

  test('a listener of another program is left alone', async () => {
    const path = join(temporaryDirectory(), 's');
    await listening(path);
    await expect(claim(path)).rejects.toMatchObject({ code: 'ENDPOINT_IN_USE' });
    expect(existsSync(path)).toBe(true);
  });

  test.runIf(process.platform === 'linux')(
    'a listener too busy to take a connection is live, and left alone',
    async () => {
      const path = join(temporaryDirectory(), 's');
      const script = `require('net').createServer().listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => console.log('up'))`;
      const other = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      onTestFinished(() => void other.kill('SIGKILL'));
      await once(other.stdout, 'data');
      other.kill('SIGSTOP');
      const full = async (): Promise<boolean> => {
        const socket = connect(path);
        onTestFinished(() => void socket.destroy());
        try {
          await once(socket, 'connect');
          return false;
        } catch (error) {
          return (error as NodeJS.ErrnoException).code === 'EAGAIN';
        }
      };
      await until(full, 'its backlog is full');
      const before = lstatSync(path).ino;
      await expect(claim(path)).rejects.toMatchObject({ code: 'ENDPOINT_IN_USE' });
      expect(lstatSync(path).ino).toBe(before);
    },
  );

  test.each([
    ['a file', (path: string) => writeFileSync(path, 'precious')],
    ['a directory', (path: string) => mkdirSync(path)],
    ['a symbolic link', (path: string) => symlinkSync('/nonexistent', path)],
  ])('%s is refused and left as it is', async (_what, make) => {
    const path = join(temporaryDirectory(), 's');
    make(path);
    const before = lstatSync(path);
    await expect(claim(path)).rejects.toMatchObject({ code: 'ENDPOINT_NOT_A_SOCKET' });
    expect(lstatSync(path).ino).toBe(before.ino);
    if (before.isFile()) expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  test.runIf(process.platform === 'linux')('a path of 107 bytes is used, one of 108 refused', async () => {
    const directory = temporaryDirectory();
    const long = (bytes: number) => join(directory, 'x'.repeat(bytes - directory.length - 1));
    const held = await claim(long(107));
    expect(existsSync(long(107))).toBe(true);
    await held.release();
    await expect(claim(long(108))).rejects.toMatchObject({ code: 'ENDPOINT_TOO_LONG' });
  });

  test('the socket is 0600 and a directory made for it 0700, whatever the umask', async () => {
    const path = join(temporaryDirectory(), 'made', 's');
    expect((await spawnDaemon(path, '000')).word).toBe('listening');
    expect(mode(path)).toBe(0o600);
    expect(mode(join(path, '..'))).toBe(0o700);
  });

  test('nobody else may connect even while it is made, and the umask is as it was', async () => {
    const directory = temporaryDirectory();
    const umask = process.umask(0);
    onTestFinished(() => void process.umask(umask));
    const binding = bindSocket(join(directory, 's'), (socket) => void socket.destroy());
    // It is bound within the call, and has its final name and mode only later.
    expect(process.umask(0)).toBe(0);
    expect(readdirSync(directory).map((name) => mode(join(directory, name)) & 0o077)).toEqual([0]);
    const { server } = await binding;
    server.close();
  });

  test('a bind leaves what came meanwhile as it is, and nothing of its own', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 's');
    writeFileSync(path, 'precious');
    await expect(bindSocket(path, (socket) => void socket.destroy())).rejects.toMatchObject({
      code: 'ENDPOINT_IN_USE',
    });
    expect(readFileSync(path, 'utf8')).toBe('precious');
    expect(readdirSync(directory)).toEqual(['s']);
    rmSync(path);
    const held = await claim(path);
    expect(readdirSync(directory)).toEqual(['s']);
    await held.release();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('a directory that everyone may write to is refused, one in which each has his own files is not', async () => {
    const directory = temporaryDirectory();
    chmodSync(directory, 0o777);
    await expect(claim(join(directory, 's'))).rejects.toMatchObject({ code: 'ENDPOINT_NOT_OURS' });
    chmodSync(directory, 0o1777);
    await (await claim(join(directory, 's'))).release();
  });

  test.runIf(process.getuid?.() === 0)('a directory of another user is refused', async () => {
    const directory = temporaryDirectory();
    chownSync(directory, 12345, 12345);
    await expect(claim(join(directory, 's'))).rejects.toMatchObject({ code: 'ENDPOINT_NOT_OURS' });
  });

  test.each([
    ['is', 's'],
    ['is above', 'deeper/s'],
  ])('a file that %s the socket’s directory is told to be none', async (_where, below) => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, 'precious');
    await expect(claim(join(file, below))).rejects.toMatchObject({
      code: 'ENDPOINT_UNUSABLE',
      message: expect.stringContaining('is not a directory') as string,
    });
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });

  test.runIf(process.platform === 'linux').each([
    ['a free path', false],
    ['a stale socket', true],
  ])('on %s a lack of descriptors is told as such, and no other daemon is blamed', async (_what, stale) => {
    const path = join(temporaryDirectory(), 's');
    if (stale) {
      const { child } = await spawnDaemon(path);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const script = fileURLToPath(fixture('out-of-files.js'));
    const command = ['-c', 'ulimit -n 100; exec "$@"', 'sh', process.execPath, script, path];
    const refusals = JSON.parse((await promisify(execFile)('sh', command)).stdout) as { code: string }[];
    // For the lock, and for the socket.
    expect(refusals.length).toBeGreaterThan(1);
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({
        code: 'ENDPOINT_UNUSABLE',
        message: expect.stringMatching(/^[^\0]*EMFILE[^\0]*$/) as string,
      });
    }
  });

  test('a release takes away our own file only', async () => {
    const path = join(temporaryDirectory(), 's');
    // Its watch, which would bind it again, has a clock of its own.
    const first = await claimEndpoint(path, {
      onConnection: (socket) => void socket.end(),
      clock: new FakeClock(),
    });
    rmSync(path);
    await listening(path);
    await first.release();
    expect(existsSync(path)).toBe(true);
    const second = await claim(join(path, '..', 't'));
    await second.release();
    expect(existsSync(second.path)).toBe(false);
  });

  test('a name of one letter is enough, whatever else is in its directory', async () => {
    const directory = temporaryDirectory();
    const letters = Array.from({ length: 64 }, (_, n) =>
      Buffer.from([n << 2])
        .toString('base64url')
        .charAt(0),
    );
    for (const letter of letters) writeFileSync(join(directory, letter), '');
    rmSync(join(directory, 'm'));
    await expect(claim(join(directory, 'm'))).rejects.toMatchObject({
      code: 'ENDPOINT_UNUSABLE',
      message: expect.stringContaining('a longer one') as string,
    });
    rmSync(join(directory, 'x'));
    const held = await claim(join(directory, 'm'));
    expect((await RawClient.connect(held.path)).ended).toBe(false);
    await held.release();
    expect(readdirSync(directory)).toHaveLength(62);
  });

  test('a socket file that disappears is bound again', async () => {
    const path = join(temporaryDirectory(), 's');
    const clock = new FakeClock();
    let rebound = 0;
    const held = await claimEndpoint(path, {
      onConnection: (socket) => void socket.end(),
      onRebound: () => (rebound += 1),
      clock,
    });
    clock.advance(5000);
    await until(() => clock.pending > 0, 'the watch looks again');
    expect(rebound).toBe(0);
    // Another name of the same socket: it shows whether somebody listens there still.
    const former = `${path}-former`;
    linkSync(path, former);
    rmSync(path);
    clock.advance(5000);
    await until(() => rebound === 1, 'it is bound again');
    expect((await RawClient.connect(path)).ended).toBe(false);
    await expect(RawClient.connect(former)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await held.release();
    expect(existsSync(path)).toBe(false);
  });

  describe('a relative path', () => {
    /** A directory to be in, left with the test. */
    const inDirectory = (): string => {
      const directory = realpathSync(temporaryDirectory());
      const before = process.cwd();
      process.chdir(directory);
      onTestFinished(() => process.chdir(before));
      return directory;
    };

    test('is the same place after a change of directory, for the watch and the release', async () => {
      const directory = inDirectory();
      mkdirSync('elsewhere');
      const clock = new FakeClock();
      let rebound = 0;
      const held = await claimEndpoint('s', {
        onConnection: (socket) => void socket.destroy(),
        onRebound: () => (rebound += 1),
        clock,
      });
      expect(held.path).toBe(join(directory, 's'));
      process.chdir('elsewhere');
      clock.advance(5000);
      await until(() => clock.pending > 0, 'the watch has looked');
      expect(rebound).toBe(0);
      await held.release();
      expect(readdirSync(directory)).toEqual(['elsewhere']);
      expect(readdirSync('.')).toEqual([]);
    });

    test('is told by the daemon as an absolute one', async () => {
      const directory = inDirectory();
      const { daemon } = await testDaemon({ socketPath: './s' });
      expect(daemon.socketPath).toBe(join(directory, 's'));
      const client = await RawClient.connect(daemon.socketPath);
      expect(await client.request('List')).toHaveProperty('Data');
    });

    test('that is too long with its directory is refused', async () => {
      inDirectory();
      const name = 'x'.repeat(100);
      await expect(claim(name)).rejects.toMatchObject({ code: 'ENDPOINT_TOO_LONG' });
      await expect(claim('')).rejects.toMatchObject({ code: 'ENDPOINT_UNUSABLE' });
    });
  });

  test('what took the place of a live socket is reported once and left alone', async () => {
    const path = join(temporaryDirectory(), 's');
    const clock = new FakeClock();
    const faults: Error[] = [];
    const held = await claimEndpoint(path, {
      onConnection: (socket) => void socket.destroy(),
      onFault: (error) => faults.push(error),
      clock,
    });
    rmSync(path);
    writeFileSync(path, 'other');
    for (let look = 0; look < 3; look += 1) {
      await until(() => clock.pending > 0, 'the watch looks');
      clock.advance(5000);
    }
    await until(() => clock.pending > 0, 'the watch has looked');
    expect(faults).toHaveLength(1);
    await held.release();
    expect(readFileSync(path, 'utf8')).toBe('other');
  });

  test('a daemon whose commands cannot be loaded gives the endpoint back', async () => {
    const path = join(temporaryDirectory(), 's');
    await expect(startDaemon({ socketPath: path, commands: fixture('broken.js') })).rejects.toThrow();
    expect(existsSync(path)).toBe(false);
    const daemon = await startDaemon({ socketPath: path, commands: fixture('commands.js') });
    await daemon.close();
  });

  test('a second daemon in the same process is refused too', async () => {
    const { path } = await testDaemon();
    await expect(startDaemon({ socketPath: path, commands: fixture('commands.js') })).rejects.toMatchObject({
      code: 'ENDPOINT_IN_USE',
    });
  });
});
