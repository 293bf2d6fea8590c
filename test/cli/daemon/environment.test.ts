// Whose environment is where: the daemon gets none of its caller's secrets, an app gets its caller's.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Manager } from '../../support/manager.js';
import { hasProc } from '../../support/platform.js';
import { LASTS } from '../../support/programs.js';
import { data, fakeDaemon, status, success } from '../fake-daemon.js';

/** The one Start request of those that were asked. */
function startOf(asked: readonly unknown[]) {
  const starts = asked.filter(
    (message): message is { Start: { name: string; config: string; environment?: Record<string, string> } } =>
      typeof message === 'object' && message !== null && 'Start' in message,
  );
  expect(starts).toHaveLength(1);
  const { name, config, environment } = (starts[0] as (typeof starts)[number]).Start;
  return { name, config: JSON.parse(config) as { env: Record<string, string> }, environment };
}

test.runIf(hasProc)(
  'a daemon that a command started has nothing of its caller but what it needs to work',
  async () => {
    const manager = new Manager({
      AWS_SECRET_ACCESS_KEY: 'secret',
      NODE_OPTIONS: '--max-old-space-size=500',
      BUNCTL_APP: 'outer:1',
      LC_TIME: 'C',
      XDG_STATE_HOME: '/nonexistent',
      BUNCTL_LOG_LEVEL: 'warn',
    });
    await manager.ok('start', 'a', '--', ...LASTS);
    const entries = readFileSync(`/proc/${await manager.pid()}/environ`, 'utf8').split('\0');
    const names = entries.filter((entry) => entry !== '').map((entry) => entry.slice(0, entry.indexOf('=')));
    const allowed =
      /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_[A-Z_]+|TZ|TMPDIR|TMP|TEMP|XDG_[A-Z_]+|BUNCTL_(SOCKET|STATE_DIR|READY_FD|OPEN_FILES|RESPAWN|LOG_LEVEL))$/;
    expect(names.filter((name) => !allowed.test(name))).toEqual([]);
    expect(names).toEqual(
      expect.arrayContaining(['PATH', 'LC_TIME', 'XDG_STATE_HOME', 'BUNCTL_SOCKET', 'BUNCTL_LOG_LEVEL']),
    );
  },
);

describe('start', () => {
  test('sends the environment of its caller beside the configuration, which holds only what was declared', async () => {
    const manager = new Manager({ MY_TOKEN: 't0ken', BUNCTL_APP: 'outer:1', BUNCTL_MINE: 'mine', PWD: '/x' });
    const daemon = await fakeDaemon(manager.socket, (message) =>
      typeof message === 'object' && 'Start' in message ? success('Started app a') : data(status('a')),
    );
    await manager.ok('start', 'a', '-e', 'MODE=fast', '--', 'sleep', '1000');
    const { name, config, environment } = startOf(daemon.asked);
    expect(name).toBe('a');
    expect(config.env).toEqual({ MODE: 'fast' });
    // Its name is written in any case on Windows.
    const path = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') as string;
    expect(environment).toMatchObject({
      MY_TOKEN: 't0ken',
      BUNCTL_MINE: 'mine',
      [path]: process.env['PATH'],
    });
    expect(
      Object.keys(environment ?? {}).filter((key) => /^BUNCTL_(?!MINE$)|^PWD$|^SHLVL$|^_$/.test(key)),
    ).toEqual([]);
  });

  test('does so for the apps of a file', async () => {
    const manager = new Manager({ MY_TOKEN: 't0ken' });
    writeFileSync(
      join(manager.home, 'bunctl.json'),
      JSON.stringify({ apps: [{ name: 'a', command: 'sleep', args: ['1000'], env: { MODE: 'slow' } }] }),
    );
    const daemon = await fakeDaemon(manager.socket, (message) =>
      typeof message === 'object' && 'Start' in message ? success('Started app a') : data(status('a')),
    );
    await manager.ok('start');
    const { config, environment } = startOf(daemon.asked);
    expect(config.env).toEqual({ MODE: 'slow' });
    expect(environment).toMatchObject({ MY_TOKEN: 't0ken' });
  });

  test('of an app that runs already says so, with its process', async () => {
    const manager = new Manager();
    await fakeDaemon(manager.socket, () => success('Started app a', { running: 777 }));
    expect(await manager.ok('start', 'a', '--', 'sleep', '1000')).toBe(
      'App a is running already (pid 777)\n',
    );
  });
});
