// Nothing that a daemon makes is open to other users, not for a moment: another process looks at it all the time.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startDaemon } from 'bunctl-ipc';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fixture, temporaryDirectory } from '../support/daemon.js';
import { foreground } from '../support/foreground.js';
import { Manager } from '../support/manager.js';
import { filesHaveModes } from '../support/platform.js';
import { until } from '../support/until.js';

interface Seen {
  readonly looks: number;
  readonly sockets: number;
  readonly files: number;
  /** Modes by path. */
  readonly open: Readonly<Record<string, string>>;
}

/** Looks at everything below a folder until it is called. */
async function watch(folder: string): Promise<() => Promise<Seen>> {
  const child = spawn(process.execPath, [fileURLToPath(fixture('watches-modes.js')), folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return async () => {
    child.stdin.end();
    return JSON.parse(((await lines.next()) as { value: string }).value) as Seen;
  };
}

describe.runIf(filesHaveModes)('nothing is open to others at any moment', () => {
  test.each(['a folder that everyone may enter', 'a folder that is made for the socket'])(
    'of thirty starts with the umask 000, with the socket in %s',
    async (where) => {
      const folder = temporaryDirectory();
      chmodSync(folder, 0o755);
      const umask = process.umask(0);
      onTestFinished(() => void process.umask(umask));
      const seen = await watch(folder);
      for (let n = 0; n < 30; n += 1) {
        const socketPath = where.includes('made') ? join(folder, `made ${n}`, 's') : join(folder, 's');
        const daemon = await startDaemon({
          socketPath,
          commands: fixture('commands.js'),
          workers: { isolation: 'none' },
        });
        await daemon.close();
      }
      const { looks, sockets, open } = await seen();
      expect(open).toEqual({});
      // It has looked between the starts, and has seen sockets.
      expect(looks).toBeGreaterThan(30);
      expect(sockets).toBeGreaterThan(0);
    },
  );

  test('of a process manager with the umask 000, which writes its state, its logs and those of its apps', async () => {
    const manager = new Manager();
    chmodSync(manager.home, 0o755);
    const seen = await watch(manager.home);
    const widely = ['sh', '-c', 'umask 000; exec "$@"', 'sh'];
    for (let n = 0; n < 2; n += 1) {
      const daemon = foreground(manager, [], {}, ...widely);
      await until(() => daemon.stdout().includes('listens'), 'it listens');
      const client = await manager.connect();
      const config = JSON.stringify({ name: 'a', command: 'sh', args: ['-c', 'echo 1; echo 2 >&2'] });
      await client.request({ Start: { name: 'a', config } });
      if (n > 0) await client.request({ Delete: { name: 'a' } });
      await client.request({ Shutdown: {} });
      await daemon.ended;
    }
    const { files, sockets, open } = await seen();
    expect(open).toEqual({});
    expect(files).toBeGreaterThan(0);
    expect(sockets).toBeGreaterThan(0);
  });

  test('would be missed: the watcher finds a folder that is open', async () => {
    const folder = temporaryDirectory();
    const seen = await watch(folder);
    const path = join(folder, 'open');
    mkdirSync(path, { mode: 0o700 });
    chmodSync(path, 0o705);
    const { open } = await seen();
    expect(open).toEqual({ [path]: '705' });
  });
});
