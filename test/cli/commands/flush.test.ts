// The bounds of an app's log by the options of start, and its emptying.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stateFiles } from '#dist/supervisor/state/paths.js';
import { Manager, sharedManager } from '../../support/manager.js';
import { hasFifos } from '../../support/platform.js';
import { eitherThenLasts } from '../../support/programs.js';
import { until } from '../../support/until.js';

const manager = sharedManager();

test.runIf(hasFifos)(
  'a log keeps to the size and number of files that start was given, and flush empties it',
  async () => {
    const logs = (): number[] => {
      const folder = join(manager.state, 'logs');
      return readdirSync(folder).map((name) => statSync(join(folder, name)).size);
    };
    const bounds = ['--log-max-size', '2k', '--log-max-files', '2'];
    await manager.ok('start', 'a', ...bounds, '--', 'sh', '-c', 'seq 1 1000; echo done; exec sleep 1000');
    await until(async () => (await manager.ok('logs', 'a', '-l', '1')) === 'done\n', 'it has printed');
    await until(
      () => readdirSync(join(manager.state, 'logs')).some((name) => name.endsWith('.gz')),
      'it is compressed',
    );
    // While a file is compressed it is there twice.
    expect(logs().length).toBeLessThanOrEqual(4);
    expect(Math.max(...logs())).toBeLessThanOrEqual(2048);
    expect(await manager.ok('flush', 'a')).toBe('Emptied the log of app a\n');
    await until(() => logs().every((size) => size === 0), 'nothing is left');
    expect(await manager.ok('logs', 'a')).toBe('');
    expect(await manager.run('flush', 'ghost')).toMatchObject({ code: 3 });
    expect(await manager.run('flush')).toMatchObject({ code: 2 });
    expect(await manager.run('start', 'b', '--log-max-size', 'big', '--', 'true')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        '--log-max-size needs a number with k, m or g, such as 50M, or 0',
      ) as string,
    });
  },
);

test.runIf(hasFifos)('files that were put aside stay as they are when start or restart says so', async () => {
  const folder = join(manager.state, 'logs');
  const aside = (): string[] => readdirSync(folder).filter((name) => /^a\.all\.log\.\d/.test(name));
  const command = ['--', 'sh', '-c', 'seq 1 1000; exec sleep 1000'];
  await manager.ok('start', 'a', '--log-max-size', '1k', '--no-log-compress', ...command);
  await until(() => aside().length === 10, 'files were put aside');
  expect(aside().some((name) => name.endsWith('.gz'))).toBe(false);
  await manager.ok('restart', 'a', '--log-compress');
  await until(
    () => aside().length > 0 && aside().every((name) => name.endsWith('.gz')),
    'they are compressed',
  );
  expect(await manager.run('start', 'b', '--log-compress', '--no-log-compress', '--', 'true')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('exclude each other') as string,
  });
  expect(await manager.ok('start', '--help')).toContain('--no-log-compress');
});

test('an app that prints straight into plain files is flushed when it is stopped, with all that a keeper has left', async () => {
  const own = new Manager();
  await own.launch();
  const { pipes, log, rawLog } = stateFiles(own.state);
  // There is no folder for FIFOs, so there is no keeper.
  rmSync(pipes, { recursive: true, force: true });
  writeFileSync(pipes, '');
  const talks = eitherThenLasts('echo out; echo err >&2', `console.log('out'); console.error('err')`);
  await own.ok('start', 'a', '--', ...talks);
  const text = (stream: 'stdout' | 'stderr'): string => readFileSync(rawLog('a', stream), 'utf8');
  await until(() => text('stdout') === 'out\n' && text('stderr') === 'err\n', 'it has printed');
  const aside = `${log('a')}.20261127T021011.123Z.gz`;
  for (const path of [log('a'), aside]) writeFileSync(path, 'former\n');
  expect(await own.run('flush', 'a')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('a prints straight into its files; stop it first') as string,
  });
  expect(text('stdout')).toBe('out\n');
  await own.ok('stop', 'a');
  expect(await own.ok('flush', 'a')).toBe('Emptied the log of app a\n');
  expect([text('stdout'), text('stderr')]).toEqual(['', '']);
  expect(readdirSync(join(own.state, 'logs')).sort()).toEqual(['a.err.log', 'a.out.log']);
});
