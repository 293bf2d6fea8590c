// What `start` makes of its arguments: files, names and options; what it asks the daemon, and what it says when it is wrong.
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Manager, sharedManager } from '../../support/manager.js';
import { hasShell, scriptsStart } from '../../support/platform.js';
import { eitherThenLasts, LASTS, LASTS_TOO } from '../../support/programs.js';
import { until } from '../../support/until.js';
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

test('start all starts the apps that the daemon knows, also in a folder with a file; start alone applies the file', async () => {
  const manager = new Manager();
  const app = (name: string) => ({ name, command: LASTS[0], args: LASTS.slice(1) });
  writeFileSync(join(manager.home, 'bunctl.json'), JSON.stringify({ apps: [app('ours')] }));
  expect(await manager.run('start', 'all')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('To start those of a bunctl.json: bunctl start') as string,
  });
  await manager.ok('start', 'theirs', '--', ...LASTS);
  await manager.ok('stop', 'theirs');
  expect(await manager.ok('start', 'all')).toMatch(/^Started app theirs with PID \d+\n$/);
  expect(await manager.run('start', 'all', '--env', 'production')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('bunctl start FILE --env production') as string,
  });
  expect(await manager.ok('start')).toContain('Started app ours');
  expect(await manager.run('restart', 'bunctl.json', '--kill-escaped')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('bunctl restart NAME --kill-escaped') as string,
  });
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
      // As the shell, or the command prompt, reads it.
      const imported = `import(${JSON.stringify(join(realpathSync(manager.home), name))})`;
      const typed = hasShell ? `'${imported}` : `"${imported.replaceAll('"', '""')}`;
      expect(stderr).toContain(`This does it: node -e ${typed}`);
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

describe('start', () => {
  const manager = sharedManager();

  test('the same name with another command is refused while the app runs, and accepted when it is stopped', async () => {
    await manager.ok('start', 'a', '--', ...LASTS);
    const other = await manager.run('start', 'a', '--', ...LASTS_TOO);
    expect(other).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('another configuration') as string,
    });
    await manager.ok('stop', 'a');
    await manager.ok('start', 'a', '--', ...LASTS_TOO);
    expect(await manager.ok('status', 'a')).toContain(LASTS_TOO.join(' '));
  });

  test('start takes the name, the stop timeout, the restart limit and the memory limit from options', async () => {
    const options = ['--name', 'a', '--stop-timeout', '2m', '--max-restarts', '7', '--max-memory', '1g'];
    await manager.ok('start', ...options, '--max-cpu', '50', '--', ...LASTS);
    const record = JSON.parse(readFileSync(join(manager.state, 'apps', 'a.json'), 'utf8')) as object;
    expect(record).toMatchObject({
      config: {
        stop_timeout: { secs: 120, nanos: 0 },
        backoff: { max_attempts: 7, base_delay_ms: 100 },
        max_memory: 1024 ** 3,
        max_cpu_percent: 50,
      },
    });
  });

  test('start takes folder, environment and policy from its options, and the rest from its caller', async () => {
    // The daemon already runs, without any of these.
    manager.env['OWN'] = 'own';
    manager.env['PORT'] = '1';
    const tells = eitherThenLasts(
      'pwd; echo $OWN $PORT $MORE',
      `const { OWN, PORT, MORE } = process.env; console.log(process.cwd() + '\\n' + OWN, PORT, MORE)`,
    );
    const print = ['--', ...tells];
    const folder = join(realpathSync(manager.home), 'folder');
    mkdirSync(folder);
    await manager.ok(
      'start',
      'a',
      '-d',
      folder,
      '-e',
      'PORT=7',
      '--env',
      'MORE=a=b',
      '--auto-restart',
      ...print,
    );
    expect(await manager.status('a')).toMatchObject({
      cwd: folder,
      env: { PORT: '7' },
      restart_policy: 'Always',
      auto_start: true,
    });
    await until(() => manager.printed('a') === `${folder}\nown 7 a=b\n`, 'it has printed');
    await manager.ok('start', 'b', '--restart', 'no', ...print);
    expect(await manager.status('b')).toMatchObject({
      cwd: manager.home,
      restart_policy: 'No',
      auto_start: false,
    });
    // The words after -- belong to the app, also --help.
    const echo = hasShell ? ['echo'] : ['node', '-e', 'console.log(...process.argv.slice(1))', '--'];
    await manager.ok('start', 'c', '--restart', 'no', '--', ...echo, '--help', '-h', '--version');
    await until(() => manager.printed('c') === '--help -h --version\n', 'it has printed');
  });

  test.each([
    ['js', 'node'],
    ['mjs', 'node'],
    ['cjs', 'node'],
    ['rb', 'ruby'],
    ...(scriptsStart
      ? [
          ['py', 'python3'],
          ['sh', 'sh'],
        ]
      : []),
  ])('a .%s file is run with %s', async (kind, interpreter) => {
    writeFileSync(join(manager.home, `file.${kind}`), '');
    const { stderr, code } = await manager.run('start', `file.${kind}`, '--restart', 'no');
    // If it is not installed, the answer names it.
    if (code === 0)
      expect(await manager.status('file')).toMatchObject({
        command: interpreter,
        args: [join(manager.home, `file.${kind}`)],
      });
    else expect(stderr).toContain(`Process spawn failed: ${interpreter}: No such file or directory`);
  });

  test('a script is run by its kind, and bunctl.json is read from the folder', async () => {
    writeFileSync(
      join(manager.home, 'hello.js'),
      'console.log("hello from", process.cwd()); setInterval(() => {}, 1000)',
    );
    await manager.ok('start', 'hello.js');
    await until(() => manager.printed('hello').includes('hello from'), 'it has printed');
    const folder = join(manager.home, 'project');
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'bunctl.json'),
      JSON.stringify({
        apps: [
          { name: 'one', command: LASTS[0], args: LASTS.slice(1) },
          { name: 'two', command: 'no-such' },
        ],
      }),
    );
    const ran = await manager.runIn(folder, 'start');
    expect(ran).toMatchObject({ code: 1, stdout: 'Started app one\n' });
    expect(ran.stderr).toContain('Failed to start app two');
    expect((await manager.runIn(folder, 'start', 'one')).code).toBe(0);
  });

  test('an error in a configuration or a name that only the daemon finds has the exit code for usage too', async () => {
    const file = join(manager.home, 'bunctl.json');
    writeFileSync(file, JSON.stringify({ apps: [{ name: 'a', command: 'x', commnad: 'y' }] }));
    const unknown = await manager.run('start', '-c', file);
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain('"commnad"');
    for (const args of [
      ['start', '@@', '--', 'true'],
      ['stop', '@@'],
    ])
      expect(await manager.run(...args)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('Invalid app name') as string,
      });
  });

  test.each(['日本語', 'é', '@@'])(
    'a name that has no character of an id is refused with what a name needs: %s',
    async (name) => {
      for (const args of [
        ['start', name, '--', 'true'],
        ['stop', name],
      ]) {
        const ran = await manager.run(...args);
        expect(ran).toMatchObject({ code: 2, stdout: '' });
        expect(ran.stderr).toContain(`Invalid app name: ${name}: `);
        expect(ran.stderr).toContain('at least one letter from a to z, digit, _ or .');
      }
    },
  );

  test('a command that is given as one text is refused with the right way to write it', async () => {
    const { stderr, code } = await manager.run('start', 'x', '--command', 'sleep 1000');
    expect(code).toBe(1);
    expect(stderr).toContain('bunctl start x -- sleep 1000');
  });
});
