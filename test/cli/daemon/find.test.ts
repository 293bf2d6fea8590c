// All commands find the same daemon, in one way; a daemon that does not get ready is not left behind.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { endpointAt } from '#dist/endpoint/default-path.js';
import { stateDirectory } from '#dist/supervisor/state/paths.js';
import { alive, Manager, startProgram, type Status } from '../../support/manager.js';
import {
  hasProc,
  placeFollowsTmpdir,
  signalsAreMessages,
  socketsAreFiles,
  tellsCreation,
} from '../../support/platform.js';
import { LASTS, printsAndLasts } from '../../support/programs.js';
import { until } from '../../support/until.js';
import { data, fakeDaemon, status, success } from '../fake-daemon.js';

describe.runIf(placeFollowsTmpdir)('a daemon that was started with another TMPDIR', () => {
  test('is found by every command, and no second one is started', async () => {
    const manager = new Manager({ BUNCTL_SOCKET: '', XDG_RUNTIME_DIR: '' });
    const [one, two] = ['one', 'two'].map((name) => {
      const folder = join(manager.home, name);
      mkdirSync(folder, { mode: 0o700 });
      return folder;
    }) as [string, string];
    manager.env['TMPDIR'] = one;
    await manager.ok('start', 'a', '--', ...printsAndLasts('printed'));
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

test.runIf(hasProc)(
  'a place where no daemon can listen is an error at once, and leaves no process',
  async () => {
    const manager = new Manager({ BUNCTL_SOCKET: '', XDG_RUNTIME_DIR: '/proc/bunctl' });
    const { code, stderr } = await manager.run('start', 'a', '--', ...LASTS);
    expect(code).toBe(6);
    expect(stderr).toContain('The daemon could not be started');
    expect(stderr).not.toContain('timeout');
  },
);

test.runIf(tellsCreation)(
  'after kill -9 of the daemon, list, stop and the start of another app find everything unchanged',
  async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    for (const name of ['a', 'b']) await client.request(startProgram(name, LASTS));
    const { pid: app } = await manager.status('a');
    for (const [command, left] of [
      [
        ['list', '-j'],
        ['a', 'b'],
      ],
      [
        ['start', 'c', '--', ...LASTS],
        ['a', 'b'],
      ],
      [
        ['stop', 'b'],
        ['a', 'b', 'c'],
      ],
    ] as const) {
      const daemon = await manager.pid();
      await manager.killDaemon();
      expect((await manager.run('ping')).code).toBe(6);
      const doctor = await manager.run('doctor');
      expect(doctor).toMatchObject({
        code: 1,
        stdout: expect.stringContaining(`left ${left.join(', ')}`) as string,
      });
      const ran = await manager.run(...command);
      expect(ran.code).toBe(0);
      expect(ran.stderr).toContain(`left ${left.length} apps`);
      expect(await manager.status('a')).toMatchObject({ state: 'Running', pid: app, restarts: 0 });
      expect(await manager.pid()).not.toBe(daemon);
    }
  },
);

test.runIf(placeFollowsTmpdir)(
  'from another runtime directory there is the same daemon with the same apps, alive or killed',
  async () => {
    const manager = new Manager({ BUNCTL_SOCKET: '' });
    const [here, there] = ['here', 'there'].map((name) => {
      const directory = join(manager.home, name);
      mkdirSync(directory, { mode: 0o700 });
      return directory;
    }) as [string, string];
    manager.env['TMPDIR'] = manager.home;
    manager.env['XDG_RUNTIME_DIR'] = here;
    await manager.ok('start', 'a', '--', ...LASTS);
    const { pid } = await manager.status('a');
    const daemon = await manager.pid();
    // Like from cron, or after the runtime directory was removed at a logout.
    manager.env['XDG_RUNTIME_DIR'] = there;
    await manager.ok('start', 'b', '--', ...LASTS);
    const apps = JSON.parse(await manager.ok('list', '-j')) as Status[];
    expect(apps.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(apps[0]).toMatchObject({ pid });
    expect((await manager.run('daemon')).stderr).toContain('keeps its apps in');
    process.kill(daemon, 'SIGKILL');
    await until(() => !alive(daemon), 'the daemon is dead');
    expect(await manager.status('a')).toMatchObject({ state: 'Running', pid });
    await manager.ok('delete', 'all', '-f');
    await manager.ok('shutdown');
  },
);

test('after a shutdown only start starts a daemon', async () => {
  const manager = new Manager();
  await manager.ok('start', 'a', '--restart', 'always', '--', ...LASTS);
  await manager.ok('shutdown');
  expect(await manager.run('list', '-j')).toMatchObject({ code: 0, stdout: '[]\n' });
  expect((await manager.run('stop', 'a')).code).toBe(6);
  await manager.ok('start', 'a');
  expect((await manager.status('a')).state).toBe('Running');
});

test('--socket names another daemon, for every command', async () => {
  const manager = new Manager();
  const there = ['--socket', join(manager.home, 'other')];
  const endpoint = endpointAt(there[1]);
  onTestFinished(async () => {
    await manager.run('delete', 'all', '-f', ...there);
    await manager.run('shutdown', ...there);
  });
  expect((await manager.run('start', 'a', ...there, '--', ...LASTS)).stderr).toContain(endpoint);
  expect((await manager.run('ping')).code).toBe(6);
  expect(await manager.ok('ping', ...there)).toContain(endpoint);
  expect(await manager.ok('list', ...there)).toContain('running');
  expect(await manager.ok('stop', 'a', ...there)).toBe('Stopped app a\n');
  expect(await manager.ok('shutdown', ...there)).toContain(endpoint);
  expect((await manager.run('ping', ...there)).code).toBe(6);
});

describe.each(['BUNCTL_SOCKET', '--socket'])('%s', (how) => {
  test.each([['shutdown'], ['stop', 'all'], ['delete', 'all', '-f'], ['list'], ['ping']])(
    'is the only place: without a daemon there, %s reaches no other one',
    async (...command) => {
      const manager = new Manager();
      const socket = join(manager.home, 'nobody');
      const other = await fakeDaemon(manager.socket, () => success('done'));
      // What a daemon of that state directory has written down: it listens elsewhere.
      const state = stateDirectory(endpointAt(socket), {
        env: manager.env,
        home: () => manager.home,
        places: [],
      });
      mkdirSync(state, { recursive: true, mode: 0o700 });
      writeFileSync(join(state, 'socket'), `${endpointAt(manager.socket)}\n`, { mode: 0o600 });
      if (how === 'BUNCTL_SOCKET') manager.env['BUNCTL_SOCKET'] = socket;
      const { stdout, stderr } = await manager.run(
        ...command,
        ...(how === '--socket' ? ['--socket', socket] : []),
      );
      expect(other.asked).toEqual([]);
      expect(stdout).toBe('');
      expect(stderr).toContain('No daemon is running');
      if (command[0] === 'stop') expect(stderr).toContain(socket);
    },
  );
});

test.runIf(signalsAreMessages)(
  'an answer that does not come in time has an exit code of its own',
  async () => {
    const manager = new Manager();
    await manager.daemon();
    const pid = await manager.pid();
    process.kill(pid, 'SIGSTOP');
    const { code, stderr } = await manager.run('list', '--timeout', '0.2');
    process.kill(pid, 'SIGCONT');
    expect(code).toBe(5);
    expect(stderr).toContain('timeout');
  },
);

test.runIf(socketsAreFiles)('a daemon that cannot start tells why through `start`', async () => {
  const manager = new Manager();
  writeFileSync(manager.socket, 'no socket');
  const { code, stderr } = await manager.run('start', 'a', '--', ...LASTS);
  rmSync(manager.socket);
  expect(code).toBe(6);
  expect(stderr).toContain('is not a socket');
});
