// A keeper that nobody can reach is killed, unless it is about to end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { killUnreachable } from '#dist/supervisor/host/output/keeper-process.js';
import { stateFiles } from '#dist/supervisor/state/paths.js';
import { temporaryDirectory } from '../../../support/daemon.js';

/** Starts a program by the name of the keeper's, in its place; resolves when it has printed. */
async function standIn(program: string) {
  const directory = realpathSync(temporaryDirectory());
  const file = join(directory, 'bundle', 'keeper.js');
  mkdirSync(join(directory, 'bundle'));
  writeFileSync(file, program);
  const child = spawn(process.execPath, [file, directory], {
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

describe.skipIf(process.platform !== 'linux')('a keeper that nobody can reach', () => {
  test('is killed, and that is told', async () => {
    const { child, ended, watch, told } = await standIn(`setInterval(() => {}, 1000); console.log('runs');`);
    await killUnreachable(watch);
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(readFileSync(told, 'utf8')).toContain(`(process ${child.pid}) did not answer and was replaced`);
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
});
