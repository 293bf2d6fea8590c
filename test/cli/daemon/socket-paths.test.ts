// One daemon, however its socket's path is written, and from wherever.
import { spawnSync } from 'node:child_process';
import { mkdirSync, realpathSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CLI, Manager } from '../../support/manager.js';
import { hasShell, socketsAreFiles } from '../../support/platform.js';
import { LASTS } from '../../support/programs.js';

/** The socket and the state directory of the daemon that is reached, as `doctor` tells them. */
const seen = (doctor: string): string[] => doctor.match(/^socket .*\/s: .*pid \d+|^state .*/gm) ?? [];

describe('a relative path of the socket', () => {
  test.runIf(socketsAreFiles).each<[string, string, string[]]>([
    ['--socket ./s', '', ['--socket', './s']],
    ['BUNCTL_SOCKET=s', 's', []],
    ['BUNCTL_SOCKET=./x/../s', './x/../s', []],
  ])(
    '%s is the caller’s, and the same daemon and state as the absolute one',
    async (_what, variable, args) => {
      const manager = new Manager();
      const absolute = { ...manager.env };
      const socket = join(realpathSync(manager.home), 's');
      mkdirSync(join(manager.home, 'deeper'));
      manager.env['BUNCTL_SOCKET'] = variable;
      const started = await manager.run('start', 'a', ...args, '--', ...LASTS);
      expect(started).toMatchObject({ code: 0, stderr: `Started the daemon on ${socket}\n` });
      const relative = await manager.run('doctor', ...args);
      Object.assign(manager.env, absolute);
      const doctor = await manager.ok('doctor');
      expect(seen(relative.stdout)).toEqual(seen(doctor));
      expect(seen(doctor)).toHaveLength(2);
      expect(await manager.status('a')).toMatchObject({ state: 'Running' });
      const below = await manager.runIn(join(manager.home, 'deeper'), 'list', '-j', '--socket', '../s');
      expect(JSON.parse(below.stdout)).toMatchObject([{ name: 'a', state: 'Running' }]);
      expect(readdirSync(join(manager.home, 'state'))).toHaveLength(1);
    },
  );

  test('a relative BUNCTL_STATE_DIR is the caller’s too', async () => {
    const manager = new Manager();
    manager.env['BUNCTL_STATE_DIR'] = 'state';
    await manager.ok('start', 'a', '--', ...LASTS);
    expect(readdirSync(join(manager.state, 'apps'))).toHaveLength(1);
  });
});

describe.runIf(socketsAreFiles && hasShell)('a current folder that was removed', () => {
  test.each([
    ['BUNCTL_SOCKET=s bunctl list'],
    ['bunctl list --socket s'],
    ['BUNCTL_STATE_DIR=state bunctl logs a'],
    ['BUNCTL_SOCKET=s bunctl daemon'],
  ])('is told as such: %s', (command) => {
    const manager = new Manager();
    const line = `bunctl() { "${process.execPath}" "${CLI}" "$@"; }; mkdir d; cd d; rmdir ../d; ${command}`;
    const { status, stderr } = spawnSync('sh', ['-c', line], {
      cwd: manager.home,
      env: manager.env,
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([1, 'Error: The current folder no longer exists; cd to another one\n']);
  });
});

test.runIf(socketsAreFiles)(
  'a state directory that is none, and a limit that is none, are told as such',
  async () => {
    const logs = await new Manager({ BUNCTL_STATE_DIR: '/dev/null' }).run('logs', 'q');
    expect(logs.code).toBe(1);
    expect(logs.stderr).toMatch(
      /^Error: The log files in \/dev\/null\/\w+ cannot be read: it is in something that is not a folder\.\n$/,
    );
    const manager = new Manager({ BUNCTL_OPEN_FILES: 'abc' });
    const sentence = 'BUNCTL_OPEN_FILES must be a whole number, 1 or more, not "abc"';
    for (const args of [['start', 'a', '--', ...LASTS], ['daemon']])
      expect(await manager.run(...args)).toMatchObject({ code: 2, stderr: `Error: ${sentence}\n` });
    const doctor = await manager.run('doctor');
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toContain(sentence);
  },
);
