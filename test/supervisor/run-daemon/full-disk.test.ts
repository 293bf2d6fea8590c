// A daemon starts on a full disk: what it writes down for others is not worth its start.
import { mkdirSync, readFileSync, rmdirSync, rmSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { stateFiles } from '#dist/supervisor/state/paths.js';
import { LASTS } from '../../support/programs.js';
import { Manager } from '../../support/manager.js';
import { hasProc } from '../../support/platform.js';

describe.runIf(hasProc)('a daemon that cannot write down its socket', () => {
  test('runs, and its log says so; the next one with room writes it down', async () => {
    const manager = new Manager();
    await manager.launch();
    await manager.ok('shutdown');
    const { socket } = stateFiles(manager.state);
    rmSync(socket);
    // Both are full, whether it writes in place or beside.
    for (const path of [socket, `${socket}.new`]) symlinkSync('/dev/full', path);
    await manager.launch();
    expect((await manager.run('ping')).code).toBe(0);
    const said = manager
      .daemonLog()
      .split('\n')
      .filter((line) => line.includes('ENOSPC'));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('the path of the socket cannot be written down');
    await manager.ok('shutdown');
    await manager.launch();
    expect(readFileSync(socket, 'utf8')).toBe(`${manager.socket}\n`);
  });
});

test('start, stop, restart and shutdown of apps whose records cannot be written say so', async () => {
  const manager = new Manager();
  await manager.launch();
  for (const name of ['a', 'b']) await manager.ok('start', name, '--', ...LASTS);
  // A record is written beside the former one: no file takes the place of a folder.
  const beside = ['a', 'b'].map((id) => `${stateFiles(manager.state).app(id)}.new`);
  for (const folder of beside) mkdirSync(folder);
  for (const command of ['stop', 'start', 'restart'])
    expect(await manager.run(command, 'a')).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^The new state of app a cannot be written to the disk: /m) as string,
    });
  expect(await manager.run('shutdown')).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(
      /^The end of an app cannot be written .*: a: [^]*^The end of an app cannot be written .*: b: /m,
    ) as string,
  });
  for (const folder of beside) rmdirSync(folder);
});
