// A keeper that does not answer is killed after a while, and one that nobody can reach unless it is about to end.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs, { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { answerOf, killUnreachable } from '#dist/supervisor/host/output/keeper-process.js';
import { stateFiles } from '#dist/supervisor/state/paths.js';
import { identify, isAlive } from '#dist/supervisor/system/processes.js';
import { temporaryDirectory } from '../../../support/daemon.js';
import { hasNamespaces, hasProc } from '../../../support/platform.js';
import { until } from '../../../support/until.js';

/**
 * Starts a program by the name of the keeper's, in its place; resolves when it has printed.
 *
 * @param before The program that becomes it, with arguments.
 */
async function standIn(program: string, before: (directory: string) => readonly string[] = () => []) {
  const directory = realpathSync(temporaryDirectory());
  const folder = join(realpathSync(temporaryDirectory()), 'bundle');
  const file = join(folder, 'keeper.js');
  mkdirSync(folder);
  writeFileSync(file, program);
  const words = [...before(directory), process.execPath, file, directory];
  const child = spawn(words[0] as string, words.slice(1), {
    cwd: directory,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  const watch = { directory, log: pino({ level: 'silent' }) };
  return { child, ended, watch, told: stateFiles(directory).keeperReplaced };
}

const hasMounts =
  hasNamespaces && spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

describe.runIf(hasProc)('a keeper that nobody can reach', () => {
  test('is killed, and that is told', async () => {
    const { child, ended, watch, told } = await standIn(`setInterval(() => {}, 1000); console.log('runs');`);
    await killUnreachable(watch);
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(readFileSync(told, 'utf8')).toContain(`(process ${child.pid}) did not answer and was replaced`);
  });

  test('and whose folder was removed and made again is killed', async () => {
    const { ended, watch } = await standIn(`setInterval(() => {}, 1000); console.log('runs');`);
    rmSync(watch.directory, { recursive: true });
    mkdirSync(watch.directory);
    await killUnreachable(watch);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  test('and that ends by itself is left alone', async () => {
    const { child, ended, watch, told } = await standIn(
      `process.on('SIGTERM', () => setTimeout(() => process.exit(3), 300)); setInterval(() => {}, 1000); console.log('runs');`,
    );
    child.kill('SIGTERM');
    await killUnreachable(watch);
    expect(await ended).toEqual([3, null]);
    expect(existsSync(told)).toBe(false);
  });

  test.runIf(hasMounts)(
    'and works in another folder of that path, as in a container, is left alone',
    async () => {
      const { child, watch, told } = await standIn(
        `setInterval(() => {}, 1000); console.log('runs');`,
        (directory) => [
          'unshare',
          '-m',
          'sh',
          '-c',
          `mount -t tmpfs none "$0" && cd "$0" && exec "$@"`,
          directory,
        ],
      );
      await killUnreachable(watch);
      expect(isAlive(identify(child.pid as number))).toBe(true);
      expect(existsSync(told)).toBe(false);
    },
  );

  test('and cannot be read for a lack of descriptors is not taken for one that is gone', async () => {
    const { child, ended, watch } = await standIn(`setInterval(() => {}, 1000); console.log('runs');`);
    const { openSync } = fs;
    vi.spyOn(fs, 'openSync').mockImplementation((path, flags) => {
      if (String(path) === `/proc/${child.pid}/cmdline`)
        throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
      return openSync(path, flags);
    });
    syncBuiltinESMExports();
    onTestFinished(() => {
      vi.restoreAllMocks();
      syncBuiltinESMExports();
    });
    await expect(killUnreachable(watch)).rejects.toThrow('EMFILE');
    vi.restoreAllMocks();
    syncBuiltinESMExports();
    await killUnreachable(watch);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });
});

const BUSY = `process.on('SIGTERM', () => undefined); setInterval(() => {}, 1000); console.log('runs');`;

describe.runIf(hasProc)('a keeper that does not answer', () => {
  test.each([
    ['is killed at the thirtieth look', 30, 'did not answer'],
    ['and is stopped is killed at the fifth look', 5, 'was stopped (SIGSTOP)'],
  ])('%s, and that is told', async (_what, looks, why) => {
    const { child, ended, watch, told } = await standIn(BUSY);
    const keeper = identify(child.pid as number);
    if (looks === 5) {
      child.kill('SIGSTOP');
      const stat = () => readFileSync(`/proc/${child.pid}/stat`, 'utf8');
      await until(() => /\) T /.test(stat()), 'it is stopped');
    }
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    let answer: (value: string) => void = () => undefined;
    const seen: number[] = [];
    const answered = answerOf(
      new Promise<string>((resolve) => (answer = resolve)),
      watch,
      () => Promise.resolve([keeper]),
      (n) => seen.push(n),
    );
    await vi.advanceTimersByTimeAsync(1000 * (looks - 1));
    expect(existsSync(told)).toBe(false);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(readFileSync(told, 'utf8')).toContain(`(process ${child.pid}) ${why} and was replaced`);
    answer('late');
    expect(await answered).toBe('late');
    expect(seen).toEqual(Array.from({ length: looks }, (_, n) => n + 1));
  });
});
