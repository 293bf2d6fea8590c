// All commands find the same daemon, in one way; a daemon that does not get ready is not left behind.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Manager } from '../../support/manager.js';
import { data, fakeDaemon, status, success } from '../fake-daemon.js';

describe.skipIf(process.platform !== 'linux')('a daemon that was started with another TMPDIR', () => {
  test('is found by every command, and no second one is started', async () => {
    const manager = new Manager({ BUNCTL_SOCKET: '', XDG_RUNTIME_DIR: '' });
    const [one, two] = ['one', 'two'].map((name) => {
      const folder = join(manager.home, name);
      mkdirSync(folder, { mode: 0o700 });
      return folder;
    }) as [string, string];
    manager.env['TMPDIR'] = one;
    await manager.ok('start', 'a', '--', 'sh', '-c', 'echo printed; sleep 1000');
    const pid = await manager.pid();
    manager.env['TMPDIR'] = two;
    for (const command of [
      ['ping'],
      ['list'],
      ['logs', 'a'],
      ['status', 'a'],
      ['doctor'],
      ['restart', 'a'],
    ]) {
      const ran = await manager.run(...command);
      expect([command, ran.code, ran.stderr]).toEqual([command, 0, '']);
    }
    expect(await manager.pid()).toBe(pid);
    await manager.ok('delete', 'all', '-f');
    await manager.ok('shutdown');
    expect((await manager.run('ping')).code).toBe(6);
  });
});

test('a command connects once, and at most once more for each further app', async () => {
  const manager = new Manager();
  const connections = new Set<unknown>();
  await fakeDaemon(manager.socket, (message, connection) => {
    connections.add(connection);
    return typeof message === 'object' && !('Status' in message) ? success('done') : data([status('a')]);
  });
  for (const [command, most] of [
    [['list'], 1],
    [['start', 'a', '--', 'sleep', '9'], 1],
    [['start', 'b'], 1],
    [['stop', 'a'], 1],
    [['stop', 'a', 'b'], 2],
  ] as const) {
    connections.clear();
    await manager.ok(...command);
    expect(connections.size).toBeGreaterThan(0);
    // The first connection may be done with both apps before the second one has anything to ask.
    expect(connections.size).toBeLessThanOrEqual(most);
  }
});

test.skipIf(process.platform !== 'linux')(
  'a place where no daemon can listen is an error at once, and leaves no process',
  async () => {
    const manager = new Manager({ BUNCTL_SOCKET: '', XDG_RUNTIME_DIR: '/proc/bunctl' });
    const { code, stderr } = await manager.run('start', 'a', '--', 'sleep', '1000');
    expect(code).toBe(6);
    expect(stderr).toContain('The daemon could not be started');
    expect(stderr).not.toContain('timeout');
  },
);
