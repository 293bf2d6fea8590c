// What `start` makes of its arguments: files and names of apps, what it asks the daemon, and what it says when it is wrong.
import { existsSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Manager } from '../../support/manager.js';
import { type Answer, data, fakeDaemon, status, success } from '../fake-daemon.js';

/** Takes everything, and knows these apps. */
const taking =
  (...apps: ReturnType<typeof status>[]): Answer =>
  (message) => {
    if (message === 'List') return data(apps.map(({ name }) => name));
    if (typeof message === 'object' && 'Status' in message) {
      const { name } = message.Status;
      return data(name === null ? apps : (apps.find((app) => app.name === name) ?? status(name)));
    }
    return success('done');
  };

/** The requests but those that only look, as `Kind name`. */
const acts = (asked: readonly unknown[]): string[] =>
  asked.flatMap((message) => {
    const [[kind, args] = ['']] = Object.entries(message as Record<string, { name?: string | null }>);
    return /^(Start|Stop|Restart|Delete)$/.test(kind) ? [`${kind} ${args?.name}`] : [];
  });

describe('a file', () => {
  test.each(['ecosystem.config.js', 'ecosystem.config.cjs', 'pm2.config.js', 'bunctl.config.js'])(
    'of configuration in JavaScript (%s) is not run as an app; it is said how to convert it',
    async (name) => {
      const manager = new Manager();
      writeFileSync(join(manager.home, name), 'module.exports = { apps: [] }');
      const daemon = await fakeDaemon(manager.socket, taking());
      const { code, stdout, stderr } = await manager.run('start', name);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(`This does it: node -e 'import("${join(realpathSync(manager.home), name)}")`);
      expect(acts(daemon.asked)).toEqual([]);
    },
  );

  test('of configuration in JSON is named like an app: names behind it choose, and the other commands take it too', async () => {
    const manager = new Manager();
    writeFileSync(
      join(manager.home, 'shop.json'),
      JSON.stringify({ apps: ['web', 'mail', 'cron'].map((name) => ({ name, command: 'sleep' })) }),
    );
    const daemon = await fakeDaemon(manager.socket, taking());
    await manager.ok('start', 'shop.json');
    expect(acts(daemon.asked.splice(0))).toEqual(['Start web', 'Start mail', 'Start cron']);
    await manager.ok('start', 'shop.json', 'mail', 'cron');
    expect(acts(daemon.asked.splice(0))).toEqual(['Start mail', 'Start cron']);
    expect(await manager.run('start', 'shop.json', 'nobody')).toMatchObject({ code: 2 });
    daemon.asked.splice(0);
    for (const [command, kind] of [
      [['restart'], 'Restart'],
      [['stop'], 'Stop'],
      [['delete', '-f'], 'Delete'],
    ] as const) {
      await manager.ok(...command, 'shop.json', 'other');
      expect(acts(daemon.asked.splice(0)).sort()).toEqual(
        ['cron', 'mail', 'other', 'web'].map((name) => `${kind} ${name}`),
      );
    }
    expect(existsSync(join(manager.home, 'shop.json'))).toBe(true);
  });
});

describe('an app that the daemon knows', () => {
  test('by another spelling of its name is the same app, and is not restarted while it runs', async () => {
    const manager = new Manager();
    const daemon = await fakeDaemon(manager.socket, taking(status('my-app')));
    expect(await manager.ok('start', 'My App')).toBe('App My App is running already (pid 4242)\n');
    expect(acts(daemon.asked)).toEqual([]);
  });
});
