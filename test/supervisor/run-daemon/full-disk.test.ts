// A daemon starts on a full disk: what it writes down for others is not worth its start.
import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { stateFiles } from '#dist/supervisor/state/paths.js';
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
