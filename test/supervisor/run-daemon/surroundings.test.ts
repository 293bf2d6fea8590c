// What an app gets from its caller and its configuration: folder, variables, limits, umask and user.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { type User, userOf } from '#dist/supervisor/system/users.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { refusal, success } from '../../support/answers.js';
import { CLI, Manager, sharedManager, start, statusOf, untilState } from '../../support/manager.js';
import { filesHaveModes, hasShell, hasUlimit } from '../../support/platform.js';
import { until } from '../../support/until.js';

const nobody = await userOf(65_534);

const manager = sharedManager();

describe('an app', () => {
  test.runIf(filesHaveModes)('that cannot be spawned leaves nothing behind; the error says why', async () => {
    // A folder of the PATH that cannot be read does not hide that the program is missing.
    const locked = join(temporaryDirectory(), 'locked');
    mkdirSync(locked, { mode: 0 });
    const manager = new Manager({ PATH: `${locked}:${process.env['PATH']}` });
    const client = await manager.daemon();
    const tries: [object, string][] = [
      [
        { command: 'no-such-program' },
        'Process spawn failed: no-such-program: No such file or directory (os error 2)',
      ],
      [{ command: '/etc/passwd' }, 'Permission denied'],
      [
        { cwd: '/nonexistent' },
        'No such file or directory (os error 2): the folder /nonexistent is not there',
      ],
      [{ args: ['x'.repeat(3_000_000)] }, 'Argument list too long'],
    ];
    for (const [config, part] of tries)
      await expect(client.request(start('ghost', 'true', config))).rejects.toMatchObject(
        refusal('APP_SPAWN_FAILED', part),
      );
    expect(await client.request('List')).toMatchObject({ Data: { data: [] } });
    await expect(client.request({ Status: { name: 'ghost' } })).rejects.toMatchObject(
      refusal('APP_NOT_FOUND', 'App ghost not found'),
    );
  });

  test.runIf(hasUlimit)(
    'has the folder, environment, umask and open-file limit of its caller, and its secrets are never shown',
    async () => {
      const client = await manager.daemon();
      const env = { PORT: '80', NODE_ENV: 'x', DATABASE_URL: 'pass', SECRET: 'pass', REDIS_HOST: 'pass' };
      await client.request(
        start('a', 'pwd; echo $SECRET; umask; ulimit -n; sleep 1000', { env, cwd: '/usr' }),
      );
      await until(() => manager.printed('a').split('\n').length === 5, 'it has printed');
      const answer = (await client.request({ Logs: { name: 'a', lines: 9 } })) as {
        Data: { data: { logs: { output: string[] } } };
      };
      const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
      const umask = /^Umask:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
      expect(answer.Data.data.logs.output).toEqual(['/usr', 'pass', umask, limit]);
      expect((await statusOf(client, 'a')).env).toEqual({
        PORT: '80',
        NODE_ENV: 'x',
        DATABASE_URL: '***',
        REDIS_HOST: '***',
      });
      expect(manager.daemonLog()).not.toContain('pass');
    },
  );

  test.runIf(hasUlimit)('has the umask and the open-file limit of the daemon’s caller', async () => {
    const manager = new Manager();
    // The shell stays alive as the caller, so that the daemon can read its limit; Node has raised its own.
    const script = 'umask 027; ulimit -S -n 1000; "$0" "$@"; exit $?';
    const command = ['start', 'a', '--', 'sh', '-c', 'umask; ulimit -S -n; ulimit -H -n; sleep 1000'];
    const ran = spawnSync('sh', ['-c', script, process.execPath, CLI, ...command], {
      encoding: 'utf8',
      env: manager.env,
      cwd: manager.home,
    });
    expect(ran).toMatchObject({ status: 0, stdout: 'Started app a\n' });
    const hard = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    await until(() => manager.printed('a').split('\n').length === 4, 'it has printed');
    expect(await manager.ok('logs', 'a')).toBe(`0027\n1000\n${hard}\n`);
  });

  test.runIf(hasShell)(
    'has none of the daemon’s internal variables, and always has its mark, whatever its configuration says',
    async () => {
      const client = await manager.daemon();
      const config = { env: { BUNCTL_APP: 'mine' }, restart_policy: 'no' };
      await client.request(start('a', 'env | grep -E "^(BUNCTL|NODE_CHANNEL)_"', config));
      await untilState(client, 'a', 'Stopped');
      expect(manager.printed('a')).toMatch(
        new RegExp(`^(BUNCTL_SOCKET=${manager.socket}|BUNCTL_APP=a:[\\da-f]{16}|\n)+$`),
      );
    },
  );

  test.runIf(process.getuid?.() === 0)('runs as the user and group of its configuration', async () => {
    const client = await manager.daemon();
    const config = { cwd: '/', uid: 65_534, gid: 65_533, restart_policy: 'no' };
    expect(await client.request(start('a', 'id -u; id -g', config))).toEqual(success('Started app a'));
    await untilState(client, 'a', 'Stopped');
    expect(manager.printed('a')).toBe('65534\n65533\n');
  });

  test.runIf(process.getuid?.() === 0 && nobody !== undefined)(
    'runs with the group, the name and the home of its user, when no other is given',
    async () => {
      const client = await manager.daemon();
      const { gid, name, home } = nobody as User;
      const config = { cwd: '/', uid: 65_534, restart_policy: 'no' };
      await client.request(start('a', 'id -g; echo $USER $HOME', config));
      await untilState(client, 'a', 'Stopped');
      expect(manager.printed('a')).toBe(`${gid}\n${name} ${home}\n`);
    },
  );
});
