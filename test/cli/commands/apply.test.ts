// Configuration files are applied: what they say runs, with a plan; and an app changes without being deleted.
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { endpointAt } from '#dist/endpoint/default-path.js';
import { isThere } from '../../support/endpoints.js';
import { Manager, sharedManager, type Status } from '../../support/manager.js';
import { either, eitherThenLasts, exits, LASTS, type Program } from '../../support/programs.js';
import { until } from '../../support/until.js';
import { data, fakeDaemon, status, success } from '../fake-daemon.js';

/** Prints two variables in a line, without those that are not there, and stays. */
const tells = (one: string, other: string): Program =>
  eitherThenLasts(
    `echo $${one} $${other}`,
    `const { ${one}, ${other} } = process.env; console.log([${one}, ${other}].filter(Boolean).join(' '))`,
  );

/** Writes a bunctl.json with apps that print two variables and stay. */
function write(manager: Manager, apps: Record<string, object>): void {
  const [command, ...args] = tells('PORT', 'FOO');
  const list = Object.entries(apps).map(([name, more]) => ({
    name,
    command,
    args,
    ...more,
  }));
  writeFileSync(join(manager.home, 'bunctl.json'), JSON.stringify({ apps: list }));
}

const lastLine = (manager: Manager, name: string): string | undefined =>
  manager.printed(name).trim().split('\n').at(-1);

const states = async (manager: Manager): Promise<string[]> =>
  (JSON.parse(await manager.ok('list', '-j')) as Status[]).map(({ name, state }) => `${name} ${state}`);

const manager = sharedManager();

/** What only the daemon refuses: its type. */
const HEALTH_CHECK = { check_type: 'much', interval: 1, timeout: 1, start_period: 1, retries: 1 };

describe('a file', () => {
  test.each(['start', 'restart'])('is applied by %s: start, change, stop, unchanged', async (command) => {
    write(manager, { web: { env: { PORT: 1 } }, job: {}, old: {} });
    expect((await manager.run('start')).stderr).toContain(
      '  start      web\n  start      job\n  start      old\n',
    );
    const job = await manager.status('job');
    write(manager, { web: { env: { PORT: 2 } }, job: {}, new: {} });
    expect(await manager.ok('status', 'web')).toContain('the file has another env.PORT');
    const { stderr, code } = await manager.run(command, 'bunctl.json');
    expect(code).toBe(0);
    expect(stderr).toContain('  change     web (env.PORT)\n');
    expect(stderr).toContain('  start      new\n');
    expect(stderr).toContain('  stop       old (no longer in the file)\n');
    expect(stderr).toContain(command === 'start' ? '  unchanged  job\n' : '  restart    job\n');
    expect(await states(manager)).toEqual(['job Running', 'new Running', 'old Stopped', 'web Running']);
    await until(() => lastLine(manager, 'web') === '2', 'the new value is there');
    expect((await manager.status('job')).pid === job.pid).toBe(command === 'start');
    expect(await manager.ok('status', 'web')).not.toContain('differs');
  });

  test('that has no apps any more stops those that came from it, and is refused if none did', async () => {
    const manager = new Manager();
    write(manager, {});
    expect(await manager.run('start')).toMatchObject({ code: 2, stdout: '' });
    expect(await isThere(endpointAt(manager.socket))).toBe(false);
    write(manager, { one: {} });
    await manager.ok('start');
    write(manager, {});
    expect((await manager.run('start')).stderr).toContain('stop       one (no longer in the file)');
    expect(await states(manager)).toEqual(['one Stopped']);
    expect(await manager.run('start')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('has no apps') as string,
    });
  });

  test('does not stop its other apps if some of its apps are named', async () => {
    write(manager, { one: {}, two: {} });
    await manager.ok('start');
    write(manager, { one: {} });
    const { stderr } = await manager.run('start', 'bunctl.json', 'one');
    expect(stderr).not.toContain('stop ');
    expect(await states(manager)).toEqual(['one Running', 'two Running']);
  });

  test('and an app in it are named when the daemon refuses a value', async () => {
    write(manager, { web: { health_check: HEALTH_CHECK } });
    const { code, stderr } = await manager.run('start');
    expect(code).toBe(2);
    expect(stderr).toMatch(/bunctl\.json: app web: .*health_check/);
  });

  test('with a wrong value is refused as a whole, before anything is started or stopped', async () => {
    const manager = new Manager();
    write(manager, { old: {} });
    await manager.ok('start');
    write(manager, { good: {}, bad: { stop_timeout: 'abc' } });
    const wrong = await manager.run('start');
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toMatch(/bunctl\.json: stop_timeout of app bad must be /);
    expect(wrong.stderr).not.toContain('Plan for');
    // What the file's own check does not know, the daemon refuses.
    write(manager, { good: {}, bad: { health_check: HEALTH_CHECK } });
    const { code, stdout, stderr } = await manager.run('start');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/bunctl\.json: app bad: .*health_check/);
    expect(stderr).toMatch(/Error: Nothing of .*bunctl\.json was applied: 1 of 2 failed\n/);
    expect(stderr).not.toContain('Plan for');
    expect(await states(manager)).toEqual(['old Running']);
  });

  test('stops no app that it no longer has if another one could not be started', async () => {
    const manager = new Manager();
    write(manager, { old: {} });
    await manager.ok('start');
    write(manager, { good: {}, bad: { command: join(manager.home, 'nowhere') } });
    const { code, stdout, stderr } = await manager.run('start');
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'Started app good\n' });
    expect(stderr).toContain('  stop       old (no longer in the file)\n');
    expect(stderr).toContain('Not stopped, because not every app of the file was started: old\n');
    expect(await states(manager)).toEqual(['good Running', 'old Running']);
  });
});

describe('restart', () => {
  const print = ['--', ...tells('FOO', 'BAR')];

  test('keeps an app’s environment, and takes the caller’s with --update-env', async () => {
    manager.env['FOO'] = 'one';
    await manager.ok('start', 'e', ...print);
    manager.env['FOO'] = 'two';
    await manager.ok('restart', 'e');
    await until(() => manager.printed('e') === 'one\none\n', 'it keeps its own');
    await manager.ok('restart', 'e', '--update-env');
    await until(() => manager.printed('e') === 'one\none\ntwo\n', 'it has the caller’s');
    await manager.ok('stop', 'e');
    manager.env['FOO'] = 'three';
    await manager.ok('start', 'e');
    await until(() => lastLine(manager, 'e') === 'three', 'a start takes the caller’s');
  });

  test('changes what its options say, and keeps everything else, values that nobody is shown included', async () => {
    const folder = join(realpathSync(manager.home), 'folder');
    mkdirSync(folder);
    const options = ['-e', 'FOO=secret', '--max-restarts', '7', '--stop-timeout', '3s', '-d', folder];
    await manager.ok('start', 'e', ...options, ...print);
    await manager.ok('restart', 'e', '-e', 'BAR=new', '--max-memory', '1G', '--restart', 'always');
    await until(() => lastLine(manager, 'e') === 'secret new', 'it has both');
    const { config } = JSON.parse(readFileSync(join(manager.state, 'apps', 'e.json'), 'utf8')) as {
      config: object;
    };
    expect(config).toMatchObject({
      cwd: folder,
      max_memory: 1024 ** 3,
      restart_policy: 'always',
      stop_timeout: { secs: 3, nanos: 0 },
      backoff: { max_attempts: 7 },
    });
    expect(await manager.run('restart', 'nobody', '-e', 'A=b')).toMatchObject({ code: 3 });
    expect(await manager.run('restart', 'e', '-e', 'secret')).toMatchObject({ code: 2 });
  });
});

test('what an option gave an app, another option takes back', async () => {
  const config = (): unknown =>
    (JSON.parse(readFileSync(join(manager.state, 'apps', 'e.json'), 'utf8')) as { config: unknown }).config;
  await manager.ok('start', 'e', '--auto-restart', '--max-memory', '1G', '--max-cpu', '50', '--', ...LASTS);
  expect(config()).toMatchObject({ auto_start: true, restart_policy: 'always', max_cpu_percent: 50 });
  await manager.ok('restart', 'e', '--max-memory', '0', '--max-cpu', '0');
  expect(config()).toMatchObject({ auto_start: true, max_memory: null, max_cpu_percent: null });
  await manager.ok('restart', 'e', '--no-auto-restart');
  expect(config()).toMatchObject({ auto_start: false, restart_policy: 'no' });
  await manager.ok('restart', 'e', '--auto-restart');
  await manager.ok('restart', 'e', '--no-auto-restart', '--restart', 'on-failure');
  expect(config()).toMatchObject({ auto_start: false, restart_policy: 'on-failure' });
});

describe('start --wait', () => {
  test('returns when the app has run that long', async () => {
    expect(await manager.run('start', 'a', '--wait=0.2', '--', ...LASTS)).toMatchObject({ code: 0 });
    expect(await manager.run('start', 'b', '--wait=soon', '--', ...LASTS)).toMatchObject({ code: 2 });
  });

  test('fails with the end of the log when it has not, whatever its end was', async () => {
    for (const [name, end] of [
      ['crashes', 3],
      ['ends', 0],
    ] as const) {
      const program = either(
        `echo first; echo last words >&2; exit ${end}`,
        `console.log('first'); console.error('last words'); process.exit(${end})`,
      );
      const ran = await manager.run('start', name, '--wait', '--', ...program);
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain('  last words\n');
      expect(ran.stderr).toContain(`App ${name} did not run for 2 s`);
      expect(ran.stderr).toContain(`bunctl logs ${name}`);
    }
  });

  const line = (time: number | null, stream: string, text: string) => ({ time, stream, line: text });
  test.each<[string, object, RegExp]>([
    [
      'the lines since its start, in their order',
      [line(5, 'stdout', 'yesterday'), line(9e15, 'stderr', 'first'), line(9e15, 'stdout', 'second')],
      /^ {2}first\n {2}second\nError: App my app did not .* Its last lines are above; its whole log: bunctl logs 'my app'\n$/,
    ],
    [
      'nothing, if it has printed nothing since its start',
      [line(5, 'stdout', 'yesterday')],
      /^Error: App my app did not .* It has printed nothing since; its log: bunctl logs 'my app'\n$/,
    ],
    [
      'the end of a log without times',
      [line(null, 'stdout', 'some')],
      /^ {2}some\nError: App my app did not .* The end of its log is above;/,
    ],
  ])('shows %s', async (_what, lines, said) => {
    const manager = new Manager();
    await fakeDaemon(manager.socket, (message) => {
      if (typeof message === 'object' && 'Status' in message)
        return data(status('my-app', { state: 'Stopped' }));
      if (typeof message === 'object' && 'Logs' in message) {
        const logs = { output: ['some'], errors: [], lines };
        return data({ type: 'single', app: 'my app', logs });
      }
      return success('Started app my app');
    });
    const { code, stderr } = await manager.run('start', 'my app', '--wait', '--', 'x');
    expect(code).toBe(1);
    expect(stderr).toMatch(said);
    expect(stderr).not.toContain('restarted by its policy');
  });

  test('says that an app goes on restarting', async () => {
    const { stderr } = await manager.run('start', 'a', '--wait=60', '--', ...exits(3));
    expect(stderr).toContain('It is restarted by its policy; bunctl stop a ends that.');
  });
});
