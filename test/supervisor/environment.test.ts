// The environment that an app runs in: its caller's, its configuration's, and nothing of the daemon's.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { IpcClient } from 'bunctl-ipc/client';
import { describe, expect, test } from 'vitest';
import { Manager, sharedManager, start, startProgram, statusOf } from '../support/manager.js';
import { hasProc } from '../support/platform.js';
import { LASTS } from '../support/programs.js';

function environmentOf(pid: number | null): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

const from = (environment: Record<string, string>, config: object = {}) => ({
  Start: { ...startProgram('a', LASTS, config).Start, environment },
});

const manager = sharedManager({ OF_THE_DAEMON: 'x' });

describe('an app', () => {
  test.runIf(hasProc)(
    'has the environment it was started with, its own laid upon it, and nothing of the daemon’s',
    async () => {
      const client = await manager.daemon();
      const base = {
        PATH: process.env['PATH'] ?? '',
        CALLER: 'caller',
        BOTH: 'caller',
        PWD: '/elsewhere',
        OLDPWD: '/elsewhere',
        SHLVL: '3',
        _: '/usr/bin/bunctl',
        BUNCTL_APP: 'other:1',
        BUNCTL_STATE_DIR: '/elsewhere',
        BUNCTL_SOCKET: '/elsewhere/s',
      };
      await client.request(from(base, { env: { BOTH: 'app', OWN: 'app' }, cwd: '/usr' }));
      const { pid } = await statusOf(client, 'a');
      const environment = environmentOf(pid);
      expect(environment).toEqual({
        PATH: base.PATH,
        CALLER: 'caller',
        BOTH: 'app',
        OWN: 'app',
        PWD: '/usr',
        BUNCTL_SOCKET: manager.socket,
        BUNCTL_APP: expect.stringMatching(/^a:[\da-f]{16}$/) as string,
      });
    },
  );

  test.runIf(hasProc)('gets each variable, whatever its name is', async () => {
    const client = await manager.daemon();
    const base = { PATH: process.env['PATH'] ?? '', ['__proto__']: 'caller', constructor: 'caller' };
    await client.request(from(base, { env: { ['toString']: 'app' } }));
    await client.request(start('b', 'exec sleep 1000', { env: { ['__proto__']: 'app' } }));
    const variablesOf = async (name: string) =>
      Object.entries(environmentOf((await statusOf(client, name)).pid));
    expect(await variablesOf('a')).toEqual(
      expect.arrayContaining([
        ['__proto__', 'caller'],
        ['constructor', 'caller'],
        ['toString', 'app'],
      ]),
    );
    expect(await variablesOf('b')).toContainEqual(['__proto__', 'app']);
  });

  test('of a request with a variable whose name would change another one is refused', async () => {
    const client = await manager.daemon();
    for (const name of ['A=B', 'A\0B']) {
      const refused = {
        code: 'APP_CONFIG_INVALID',
        message: expect.stringContaining('begins with "A"') as string,
      };
      await expect(client.request(from({ [name]: 'secret' }))).rejects.toMatchObject(refused);
      const restart = { Restart: { name: 'a', environment: { [name]: 'secret' } } };
      await expect(client.request(restart)).rejects.toMatchObject(refused);
    }
  });

  test.runIf(hasProc)('without one has the daemon’s, but what is only for the daemon', async () => {
    // In the foreground, where a daemon has the environment that it was given.
    const manager = new Manager({ OF_THE_DAEMON: 'x', SHLVL: '3', OLDPWD: '/elsewhere' });
    manager.spawn(['daemon']);
    await using client = await IpcClient.connect(manager.socket, { timeout: 30_000, retry: 'absent' });
    await client.request(start('a', 'exec sleep 1000', { cwd: '/usr' }));
    const environment = environmentOf((await statusOf(client, 'a')).pid);
    expect(environment).toMatchObject({ OF_THE_DAEMON: 'x', PWD: '/usr', BUNCTL_SOCKET: manager.socket });
    for (const name of ['SHLVL', 'OLDPWD', 'BUNCTL_STATE_DIR', 'BUNCTL_OPEN_FILES', 'BUNCTL_READY_FD'])
      expect(environment).not.toHaveProperty(name);
  });

  test.runIf(hasProc)(
    'keeps its environment over restarts of itself and of the daemon; it is kept for its owner and shown to nobody',
    async () => {
      const manager = new Manager();
      const client = await manager.daemon();
      await client.request(from({ PATH: process.env['PATH'] ?? '', PASSWORD: 'sesame' }));
      await client.request({ Restart: { name: 'a' } });
      expect(environmentOf((await statusOf(client, 'a')).pid)).toMatchObject({ PASSWORD: 'sesame' });
      expect(JSON.stringify(await statusOf(client, 'a'))).not.toContain('sesame');
      await manager.killDaemon();
      const next = await manager.nextDaemon();
      await next.request({ Restart: { name: 'a' } });
      expect(environmentOf((await statusOf(next, 'a')).pid)).toMatchObject({ PASSWORD: 'sesame' });
      expect(manager.daemonLog()).not.toContain('sesame');
      expect(statSync(join(manager.state, 'apps', 'a.json')).mode & 0o777).toBe(0o600);
    },
  );

  test('that runs is told with its process when it is started again, from whatever environment', async () => {
    const client = await manager.daemon();
    const path = { PATH: process.env['PATH'] ?? '' };
    expect(await client.request(from(path))).not.toHaveProperty('Success.running');
    const { pid } = await statusOf(client, 'a');
    const again = await client.request(from({ ...path, OTHER: 'x' }));
    expect(again).toMatchObject({ Success: { message: 'Started app a', running: pid } });
    await expect(client.request(from(path, { cwd: manager.home }))).rejects.toMatchObject({
      code: 'APP_CONFIG_DIFFERS',
      message: expect.stringContaining('another configuration') as string,
    });
  });
});
