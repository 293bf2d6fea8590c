// Who gets an endpoint: exactly one daemon, whatever is there; and no file of anybody else is ever touched.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { IpcClient, IpcServer, startDaemon } from 'bunctl-ipc';
import { describe, expect, onTestFinished, test } from 'vitest';
import { claimEndpoint } from '#dist/endpoint/claim.js';
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
    'a listener too busy to take a connection is taken for live and left alone',
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
    ['a regular file', (path: string) => writeFileSync(path, 'precious')],
    ['a directory', (path: string) => mkdirSync(path)],
    ['a symbolic link', (path: string) => symlinkSync('/nonexistent', path)],
  ])('%s is refused by its kind and left untouched', async (what, make) => {
    const path = join(temporaryDirectory(), 's');
    make(path);
    const before = lstatSync(path);
    await expect(claim(path)).rejects.toMatchObject({
      code: 'ENDPOINT_NOT_A_SOCKET',
      message: expect.stringContaining(what.slice(2)) as string,
    });
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

  test('a directory that everyone may write to is refused, a sticky one is not', async () => {
    const directory = temporaryDirectory();
    chmodSync(directory, 0o777);
    await expect(claim(join(directory, 's'))).rejects.toMatchObject({ code: 'ENDPOINT_NOT_OURS' });
    chmodSync(directory, 0o1777);
    await (await claim(join(directory, 's'))).release();
  });

  test.runIf(process.platform === 'linux')('the kernel knows the socket by its own name', async () => {
    const path = join(temporaryDirectory(), 's');
    const held = await claim(path);
    // What ss and lsof show.
    expect(
      readFileSync('/proc/net/unix', 'utf8')
        .split('\n')
        .filter((line) => line.endsWith(` ${path}`)),
    ).toHaveLength(1);
    await held.release();
  });

  test.runIf(process.getuid?.() === 0)('a directory of another user is refused', async () => {
    const directory = temporaryDirectory();
    chownSync(directory, 12345, 12345);
    await expect(claim(join(directory, 's'))).rejects.toMatchObject({ code: 'ENDPOINT_NOT_OURS' });
  });

  test.each([
    ['is', 's'],
    ['is above', 'deeper/s'],
  ])('a file that %s the socket’s directory is refused as not a directory', async (_where, below) => {
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
  ])(
    'on %s a lack of descriptors is told as such, and not blamed on another daemon',
    async (_what, stale) => {
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
    },
  );

  test('a release removes our own file only', async () => {
    const path = join(temporaryDirectory(), 's');
    // Its watch, which would bind the path again, has a clock of its own.
    const first = await claimEndpoint(path, {
      onConnection: (socket) => void socket.end(),
      clock: new FakeClock(),
    });
    rmSync(path);
    await listening(path);
    const others = lstatSync(path).ino;
    await first.release();
    expect(lstatSync(path).ino).toBe(others);
    expect((await RawClient.connect(path)).ended).toBe(false);
    const second = await claim(join(path, '..', 't'));
    await second.release();
    expect(readdirSync(join(path, '..'))).toEqual(['s']);
  });

  test('a release during a look at the file waits for it, and leaves no file and no listener', async () => {
    const path = join(temporaryDirectory(), 's');
    const clock = new FakeClock();
    let rebound = 0;
    const held = await claimEndpoint(path, {
      onConnection: (socket) => void socket.destroy(),
      onRebound: () => (rebound += 1),
      clock,
    });
    rmSync(path);
    clock.advance(5000);
    await held.release();
    expect(rebound).toBe(1);
    expect(existsSync(path)).toBe(false);
    expect(clock.pending).toBe(0);
    // The lock is free, and nobody else listens.
    await (await claim(path)).release();
  });

  test('a release that cannot reach the file gives everything else back and says so', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'in', 's');
    const connections: Socket[] = [];
    const held = await claimEndpoint(path, { onConnection: (socket) => connections.push(socket) });
    renameSync(join(directory, 'in'), join(directory, 'out'));
    // The directory is a file now: whatever is asked about the socket's path fails.
    writeFileSync(join(directory, 'in'), '');
    await expect(held.release()).rejects.toMatchObject({
      code: 'ENDPOINT_UNUSABLE',
      message: expect.stringContaining('cannot be removed') as string,
    });
    await expect(RawClient.connect(join(directory, 'out', 's'))).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    rmSync(join(directory, 'in'));
    renameSync(join(directory, 'out'), join(directory, 'in'));
    // The lock is free: the file that was left is taken for stale.
    await (await claim(path)).release();
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

  describe('a socket file that disappears with its directory', () => {
    async function gone(before: () => void = () => undefined) {
      const directory = join(temporaryDirectory(), 'in');
      const path = join(directory, 's');
      const clock = new FakeClock();
      const faults: Error[] = [];
      let rebound = 0;
      const held = await claimEndpoint(path, {
        onConnection: (socket) => void socket.end(),
        onRebound: () => (rebound += 1),
        onFault: (error) => faults.push(error),
        clock,
      });
      onTestFinished(() => held.release());
      const look = async (): Promise<void> => {
        await until(() => clock.pending > 0, 'the watch waits');
        clock.advance(5000);
        await until(() => clock.pending > 0, 'the watch has looked');
      };
      rmSync(directory, { recursive: true });
      before();
      return { directory, path, faults, look, rebound: () => rebound };
    }

    test('is bound again in a directory of its own', async () => {
      const { directory, path, look, rebound } = await gone();
      await look();
      expect([rebound(), mode(directory), mode(path)]).toEqual([1, 0o700, 0o600]);
    });

    test('is not bound where everyone may write, until that is over', async () => {
      const { directory, path, faults, look, rebound } = await gone();
      mkdirSync(directory);
      chmodSync(directory, 0o777);
      await look();
      await look();
      expect([rebound(), existsSync(path)]).toEqual([0, false]);
      expect(faults[0]).toMatchObject({ code: 'ENDPOINT_NOT_OURS' });
      chmodSync(directory, 0o700);
      await look();
      expect(rebound()).toBe(1);
      expect((await RawClient.connect(path)).ended).toBe(false);
    });

    test('and cannot be bound is told once, however long that lasts, and again when it comes back', async () => {
      const { directory, faults, look, rebound } = await gone();
      for (const round of [1, 2]) {
        mkdirSync(directory);
        chmodSync(directory, 0o777);
        for (let n = 0; n < 3; n += 1) await look();
        expect(faults).toHaveLength(round);
        chmodSync(directory, 0o700);
        await look();
        expect(rebound()).toBe(round);
        rmSync(directory, { recursive: true });
      }
    });
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

    test('is told by the daemon as an absolute path', async () => {
      const directory = inDirectory();
      const { daemon } = await testDaemon({ socketPath: './s' });
      expect(daemon.socketPath).toBe(join(directory, 's'));
      const client = await RawClient.connect(daemon.socketPath);
      expect(await client.request('List')).toHaveProperty('Data');
    });

    test('is told by the server as an absolute path, which leads to it from everywhere', async () => {
      const directory = inDirectory();
      mkdirSync('elsewhere');
      await using server = await IpcServer.bind('./s');
      process.chdir('elsewhere');
      expect(server.path).toBe(join(directory, 's'));
      await using client = await IpcClient.connect(server.path);
      expect(client.path).toBe(server.path);
    });

    test('that is too long with its directory is refused', async () => {
      inDirectory();
      const name = 'x'.repeat(100);
      await expect(claim(name)).rejects.toMatchObject({ code: 'ENDPOINT_TOO_LONG' });
      await expect(claim('')).rejects.toMatchObject({ code: 'ENDPOINT_UNUSABLE' });
    });
  });

  test('a file that took the place of a live socket is reported once and left alone', async () => {
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

  test('sockets whose long names differ only at the end do not share a lock', async () => {
    const directory = mkdtempSync('/tmp/b-');
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const daemons = [];
    for (const last of ['a', 'b']) {
      const socketPath = join(directory, `${'x'.repeat(90)}${last}`);
      daemons.push(await startDaemon({ socketPath, commands: fixture('commands.js') }));
    }
    for (const daemon of daemons) await daemon.close({ grace: 0 });
  });
});
