// The command bunctl as people and scripts use it: its stdout, its stderr and its exit code.
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn, spawnSync } from 'node:child_process';
import { type IpcMessage, IpcServer } from 'bunctl-ipc';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { details, duration, stateWord } from '#dist/cli/answers/show.js';
import type { AppStatus } from '#dist/cli/answers/wire.js';
import { statOf } from '#dist/supervisor/system/stat.js';
import { temporaryDirectory } from '../support/daemon.js';
import { alive, CLI, Manager, start, type Status, statusOf, untilState } from '../support/manager.js';
import { until } from '../support/until.js';
import { orFail } from '../support/or-fail.js';

describe('without a daemon', () => {
  test('help is on stdout, with examples', async () => {
    const manager = new Manager();
    const { stdout, code } = await manager.run('--help');
    expect(code).toBe(0);
    for (const command of [
      'start',
      'stop',
      'restart',
      'delete',
      'status',
      'list',
      'logs',
      'daemon',
      'ping',
      'shutdown',
      'doctor',
    ]) {
      expect(stdout).toContain(command);
      const help = await manager.run(command, '--help');
      expect(help).toMatchObject({ code: 0, stderr: '' });
      expect(help.stdout).toContain(`bunctl ${command}`);
    }
    expect((await manager.run('--version')).stdout).toMatch(/^bunctl \d+\.\d+\.\d+\n$/);
  });

  test.each<[number, string[], string]>([
    [2, [], ''],
    [2, ['frobnicate'], 'Unknown command "frobnicate"'],
    [2, ['list', '--nonsense'], 'nonsense'],
    [2, ['stop'], 'bunctl stop NAME'],
    [2, ['stop', 'a/b'], 'cannot contain'],
    [2, ['logs', '-l', 'x'], 'whole number'],
    [2, ['start'], 'bunctl start NAME -- COMMAND'],
    [2, ['start', 'a', '--'], 'bunctl start NAME -- COMMAND'],
    [2, ['start', 'a', '--env', 'secret', '--', 'x'], 'KEY=VALUE'],
    [2, ['start', '-c', 'nowhere.json'], 'there is no such file'],
    [6, ['stop', 'a'], 'No daemon is running'],
    [6, ['status', 'a'], 'No daemon is running'],
    [6, ['ping'], 'No daemon is running'],
    [6, ['logs', 'a', '-f'], 'No daemon is running'],
    [3, ['logs', 'a'], 'not found'],
    [3, ['start', 'nobody'], 'bunctl start nobody -- COMMAND'],
    [3, ['start', 'all'], 'There are no apps yet'],
    [2, ['start', 'all', '--', 'x'], 'give this one another name'],
    [2, ['start', 'a', '--max-memory', 'much', '--', 'x'], '512M'],
    [2, ['start', 'a', '--stop-timeout', 'soon', '--', 'x'], '20s'],
    [2, ['start', 'a', '--max-restarts', 'few', '--', 'x'], 'whole number'],
  ])('exit code %d: bunctl %j', async (code, args, part) => {
    const manager = new Manager();
    const ran = await manager.run(...args);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toContain(part);
    if (args.length > 0) expect(ran.stdout).toBe('');
    // No daemon was started for this answer.
    expect(existsSync(manager.socket)).toBe(false);
  });

  test('an empty list is not a failure; doctor says where it looked; shutdown has nothing to do', async () => {
    const manager = new Manager();
    expect(await manager.run('list', '-j')).toMatchObject({ code: 0, stdout: '[]\n' });
    expect(await manager.run('status', '-j')).toMatchObject({ code: 0, stdout: '[]\n' });
    const doctor = await manager.run('doctor');
    expect(doctor.stdout).toContain(`${manager.socket}: nothing there`);
    expect(doctor.code).toBe(0);
    expect((await manager.run('shutdown')).code).toBe(0);
  });
});

describe('the status of an app', () => {
  const app: AppStatus = {
    name: 'a',
    state: 'Running',
    pid: 7,
    restarts: 2,
    command: 'node',
    args: ['a.js'],
    uptime_seconds: 90_061,
    memory_bytes: 3 * 1024 * 1024,
    env: { PORT: '80', DATABASE_URL: '***' },
  };

  test('shows its state in a word', () => {
    vi.stubEnv('NO_COLOR', '1');
    onTestFinished(() => void vi.unstubAllEnvs());
    const word = (state: string, backoff_exhausted = false) =>
      stateWord({ ...app, state, backoff_exhausted });
    expect(word('Backoff { attempt: 1, next_retry_ms: 5 }')).toBe('restarting');
    expect(['Running', 'Starting', 'Stopping', 'Stopped'].map((state) => word(state))).toEqual([
      'running',
      'starting',
      'stopping',
      'stopped',
    ]);
    expect(word('Stopped', true)).toBe('given up');
  });

  test('shows everything known, also that its end was not observed, but no masked value', () => {
    vi.stubEnv('NO_COLOR', '1');
    onTestFinished(() => void vi.unstubAllEnvs());
    const running = details(app);
    for (const part of ['running', '7', '1d 1h', '3.0 MB', 'node a.js', 'PORT       80'])
      expect(running).toContain(part);
    expect(running).not.toMatch(/\*\*\*|DATABASE|last exit/);
    const ended = { ...app, state: 'Stopped', pid: null, uptime_seconds: null };
    expect(details({ ...ended, last_exit_code: null, last_exit_unknown: true })).toContain('unknown');
    expect(details({ ...ended, last_exit_code: null, last_exit_signal: 'SIGKILL' })).toContain('SIGKILL');
    expect(details({ ...ended, last_exit_code: 3 })).toMatch(/last exit +3$/m);
    const waiting = {
      ...ended,
      state: 'Backoff { attempt: 6, next_retry_ms: 640 }',
      last_error: 'not there',
    };
    expect(details(waiting)).toMatch(/state +restarting in 0\.6 s \(attempt 6\)\n +error +not there/);
    expect(details({ ...app, memory_bytes: 3 * 1024 ** 3, max_memory: 512 * 1024 ** 2 })).toContain(
      '3.0 GB; all its processes together may hold 512.0 MB',
    );
  });

  test.each([
    [59, '59s'],
    [61, '1m 1s'],
    [3_660, '1h 1m'],
    [90_061, '1d 1h'],
    [null, '-'],
  ])('shows %s seconds as %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

describe('with a daemon', () => {
  test('start starts it and says so on stderr; several names and `all` are done side by side', async () => {
    const manager = new Manager();
    const first = await manager.run('start', 'a', '--', 'sleep', '1000');
    expect(first).toMatchObject({ code: 0, stdout: 'Started app a\n' });
    expect(first.stderr).toContain('Started the daemon on');
    // Neither Ctrl-C in the terminal nor the end of the terminal reaches the daemon.
    const pid = await manager.pid();
    expect(statOf(pid)?.group).toBe(pid);
    expect(await manager.run('start', 'b', '--', 'sleep', '1000')).toMatchObject({ stderr: '', code: 0 });
    await manager.ok('start', 'c', '--', 'sleep', '1000');
    expect((await manager.ok('stop', 'a', 'b')).trim().split('\n').sort()).toEqual([
      'Stopped app a',
      'Stopped app b',
    ]);
    expect((await manager.run('stop', 'a')).code).toBe(4);
    expect((await manager.run('stop', 'nobody')).code).toBe(3);
    // More names than are done at a time: failures of the first ones do not stop the others, and each is reported.
    const nobodies = Array.from({ length: 9 }, (_, n) => `nobody${n}`);
    const several = await manager.run('stop', ...nobodies, 'c');
    expect(several).toMatchObject({ code: 3, stdout: 'Stopped app c\n' });
    for (const nobody of nobodies) expect(several.stderr).toContain(`App ${nobody} not found\n`);
    expect(several.stderr).toContain('9 of 10 failed');
    expect(await manager.ok('start', 'a')).toMatch(/^Started app a with PID \d+\n$/);
    expect(await manager.run('stop', 'all')).toEqual({ code: 0, stdout: 'Stopped app a\n', stderr: '' });
    expect(await manager.ok('restart', 'all')).toMatch(/Started app a with PID \d+/);
    const apps = JSON.parse(await manager.ok('list', '-j')) as Status[];
    expect(apps.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'a Running',
      'b Running',
      'c Running',
    ]);
    expect(await manager.ok('list')).toMatch(/^name +state +pid.*\na +running/);
    expect(await manager.ok('start', 'a')).toContain('is running already');
    const asked = await manager.run('delete', 'all');
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') as string });
    await manager.ok('delete', 'all', '-f');
    expect(await manager.ok('list', '-j')).toBe('[]\n');
  });

  test('the same name with another command is refused while the app runs, and accepted when it is stopped', async () => {
    const manager = new Manager();
    await manager.ok('start', 'a', '--', 'sleep', '1000');
    const other = await manager.run('start', 'a', '--', 'sleep', '2000');
    expect(other).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('another configuration') as string,
    });
    await manager.ok('stop', 'a');
    await manager.ok('start', 'a', '--', 'sleep', '2000');
    expect(await manager.ok('status', 'a')).toContain('sleep 2000');
  });

  test.each<[string, string[]]>([
    ['list', ['list', '-j']],
    ['stop', ['stop', 'b']],
    ['start of another app', ['start', 'c', '--', 'sleep', '1000']],
  ])('after kill -9 of the daemon, %s finds everything unchanged', async (_what, command) => {
    const manager = new Manager();
    await manager.ok('start', 'a', '--', 'sleep', '1000');
    await manager.ok('start', 'b', '--', 'sleep', '1000');
    const { pid: app } = await manager.status('a');
    const daemon = await manager.pid();
    process.kill(daemon, 'SIGKILL');
    await until(() => !alive(daemon), 'the daemon is dead');
    expect((await manager.run('ping')).code).toBe(6);
    const doctor = await manager.run('doctor');
    expect(doctor).toMatchObject({ code: 1, stdout: expect.stringContaining('left a, b') as string });
    const ran = await manager.run(...command);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain('left 2 apps');
    expect(await manager.status('a')).toMatchObject({ state: 'Running', pid: app, restarts: 0 });
    expect(await manager.pid()).not.toBe(daemon);
  });

  test.runIf(process.platform === 'linux')(
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
      await manager.ok('start', 'a', '--', 'sleep', '1000');
      const { pid } = await manager.status('a');
      const daemon = await manager.pid();
      // Like from cron, or after the runtime directory was removed at a logout.
      manager.env['XDG_RUNTIME_DIR'] = there;
      await manager.ok('start', 'b', '--', 'sleep', '1000');
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

  test('start takes the name, the stop timeout, the restart limit and the memory limit from options', async () => {
    const manager = new Manager();
    const options = ['--name', 'a', '--stop-timeout', '2m', '--max-restarts', '7', '--max-memory', '1g'];
    await manager.ok('start', ...options, '--max-cpu', '50', '--', 'sleep', '1000');
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

  test('doctor reports a record that was put aside', async () => {
    const manager = new Manager();
    await manager.ok('start', 'a', '--', 'sleep', '1000');
    writeFileSync(join(manager.state, 'apps', 'b.json.bad'), '{');
    expect(await manager.run('doctor')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('b.json.bad is not a record of an app') as string,
    });
  });

  test('after a shutdown only start starts a daemon', async () => {
    const manager = new Manager();
    await manager.ok('start', 'a', '--restart', 'always', '--', 'sleep', '1000');
    await manager.ok('shutdown');
    expect(await manager.run('list', '-j')).toMatchObject({ code: 0, stdout: '[]\n' });
    expect((await manager.run('stop', 'a')).code).toBe(6);
    await manager.ok('start', 'a');
    expect((await manager.status('a')).state).toBe('Running');
  });

  test('a daemon that does not end in time is reported, and still ends', async () => {
    const manager = new Manager();
    await manager.ok('start', 'a', '--', 'sh', '-c', 'trap "" TERM; while :; do sleep 0.05; done');
    const { pid: app } = await manager.status('a');
    const daemon = await manager.pid();
    const ran = await manager.run('shutdown', '--timeout', '0.2');
    expect(ran).toMatchObject({ code: 5, stderr: expect.stringContaining('it goes on with that') as string });
    if (app !== null) process.kill(-app, 'SIGKILL');
    await until(() => !alive(daemon), 'the daemon has ended');
  });

  test('a daemon of another version is reported once', async () => {
    const manager = new Manager();
    await using server = await IpcServer.bind(manager.socket);
    const serving = (async () => {
      for await (const connection of server)
        (async () => {
          const daemon = {
            version: '99.0.0',
            pid: process.pid,
            socket: server.path,
            state: '/',
            started_at: 0,
          };
          for await (const message of connection)
            await connection.send(
              message === 'List' || (typeof message === 'object' && 'Status' in message)
                ? { Data: { data: [], ...{ daemon } } }
                : { Success: { message: 'done', ...{ daemon } } },
            );
        })().catch(orFail);
    })();
    for (const command of [['list'], ['stop', 'a'], ['restart', 'a', 'b'], ['ping']]) {
      const { stderr } = await manager.run(...command);
      expect(stderr.match(/bunctl 99\.0\.0/g)).toHaveLength(1);
    }
    expect(await manager.run('doctor')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('bunctl 99.0.0 and this command') as string,
    });
    await server.close();
    await serving;
  });

  test('start takes folder, environment and policy from its options, and the rest from its caller', async () => {
    const manager = new Manager();
    await manager.ok('start', 'first', '--', 'sleep', '1000');
    // The daemon already runs, without any of these.
    manager.env['OWN'] = 'own';
    manager.env['PORT'] = '1';
    const print = ['--', 'sh', '-c', 'pwd; echo $OWN $PORT $MORE; sleep 1000'];
    await manager.ok(
      'start',
      'a',
      '-d',
      '/usr',
      '-e',
      'PORT=7',
      '--env',
      'MORE=a=b',
      '--auto-restart',
      ...print,
    );
    expect(await manager.status('a')).toMatchObject({
      cwd: '/usr',
      env: { PORT: '7' },
      restart_policy: 'Always',
      auto_start: true,
    });
    await until(async () => (await manager.ok('logs', 'a')) === '/usr\nown 7 a=b\n', 'it has printed');
    await manager.ok('start', 'b', '--restart', 'no', ...print);
    expect(await manager.status('b')).toMatchObject({
      cwd: manager.home,
      restart_policy: 'No',
      auto_start: false,
    });
    // The words after -- belong to the app, also --help.
    await manager.ok('start', 'c', '--restart', 'no', '--', 'echo', '--help', '-h', '--version');
    await until(async () => (await manager.ok('logs', 'c')) === '--help -h --version\n', 'it has printed');
  });

  test.each([
    ['js', 'node'],
    ['mjs', 'node'],
    ['cjs', 'node'],
    ['py', 'python3'],
    ['sh', 'sh'],
    ['rb', 'ruby'],
  ])('a .%s file is run with %s', async (kind, interpreter) => {
    const manager = new Manager();
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
    const manager = new Manager();
    writeFileSync(
      join(manager.home, 'hello.js'),
      'console.log("hello from", process.cwd()); setInterval(() => {}, 1000)',
    );
    await manager.ok('start', 'hello.js');
    await until(async () => (await manager.ok('logs', 'hello')).includes('hello from'), 'it has printed');
    const folder = join(manager.home, 'project');
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'bunctl.json'),
      JSON.stringify({
        apps: [
          { name: 'one', command: 'sleep', args: ['1000'] },
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
    const manager = new Manager();
    await manager.daemon();
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

  test('a command that is given as one text is refused with the right way to write it', async () => {
    const manager = new Manager();
    const { stderr, code } = await manager.run('start', 'x', '--command', 'sleep 1000');
    expect(code).toBe(1);
    expect(stderr).toContain('bunctl start x -- sleep 1000');
  });

  test('logs -f shows each old and new line once; a closed pipe ends it quietly', async () => {
    const manager = new Manager();
    await manager.ok(
      'start',
      'n',
      '--',
      'sh',
      '-c',
      'n=0; while :; do n=$((n+1)); echo $n; sleep 0.01; done',
    );
    const child = manager.spawn(['logs', 'n', '-f', '-l', '1000000']);
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part));
    await until(() => text.split('\n').length > 60, 'sixty lines');
    child.kill('SIGINT');
    await once(child, 'close');
    const lines = text.trimEnd().split('\n');
    expect(lines).toEqual(lines.map((_, index) => String(index + 1)));
    expect((await manager.status('n')).state).toBe('Running');
    const piped = spawnSync('sh', ['-c', `"${process.execPath}" "${CLI}" logs n -f | head -n 2; echo done`], {
      encoding: 'utf8',
      env: manager.env,
      timeout: 30_000,
    });
    expect(piped.stdout.endsWith('done\n')).toBe(true);
    expect(piped.stderr).toBe('');
  });

  test('logs shows the last twenty lines, and goes on with -w, with the name or the id of the app', async () => {
    const manager = new Manager();
    const go = join(manager.home, 'go');
    const script = `seq 1 30; until test -e ${go}; do sleep 0.05; done; echo more; echo error >&2; sleep 1000`;
    await manager.ok('start', 'My App', '--', 'sh', '-c', script);
    const last = Array.from({ length: 20 }, (_, n) => `${n + 11}\n`).join('');
    await until(async () => (await manager.ok('logs', 'My App')) === last, 'it has printed');
    const following = [['-w'], ['-f', '-l', '0', '--json']].map((options) => {
      const child = manager.spawn(['logs', 'My App', ...options]);
      let text = '';
      child.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part));
      onTestFinished(() => void child.kill('SIGKILL'));
      return { child, text: () => text };
    });
    const [plain, json] = following as [(typeof following)[0], (typeof following)[0]];
    await until(() => plain.text() === last && json.text().includes('\n'), 'both follow');
    writeFileSync(go, '');
    await until(() => plain.text().split('\n').length === 23, 'the new lines');
    expect(plain.text().slice(last.length).split('\n').sort()).toEqual(['', 'error', 'more']);
    await until(() => json.text().split('\n').length === 4, 'the new lines as JSON');
    const [initial, ...events] = json
      .text()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(initial).toMatchObject({ type: 'initial', logs: { type: 'single', logs: { output: [] } } });
    for (const [stream, line] of [
      ['stdout', 'more'],
      ['stderr', 'error'],
    ])
      expect(events).toContainEqual(
        expect.objectContaining({
          type: 'event',
          event: expect.objectContaining({ app: 'my-app', stream, line }) as unknown,
        }),
      );
    // Ctrl-C ends each follower.
    for (const { child } of following) {
      child.kill('SIGINT');
      await once(child, 'close');
    }
  });

  test('status -w prints events without a terminal, with the name or the id of the app', async () => {
    const manager = new Manager();
    await manager.ok('start', 'My App', '--', 'sleep', '1000');
    const watching = [[], ['--json']].map((options) => {
      const child = manager.spawn(['status', 'My App', '-w', ...options]);
      let text = '';
      child.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part));
      onTestFinished(() => void child.kill('SIGKILL'));
      return () => text;
    });
    const [plain, json] = watching as [() => string, () => string];
    await until(() => plain().includes('running') && json().includes('initial'), 'both watch');
    await manager.ok('stop', 'My App');
    await until(
      () => plain().includes('my-app status_change {"app":"my-app","state":"stopped"'),
      'the event',
    );
    await until(() => json().includes('"stopped"'), 'the event as JSON');
    const events = json()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(events[0]).toMatchObject({ type: 'initial', data: { name: 'my-app', state: 'Running' } });
    expect(events.at(-1)).toMatchObject({
      type: 'event',
      event_type: 'status_change',
      event: { app: 'my-app', state: 'stopped' },
    });
    expect(plain() + json()).not.toContain('\x1b');
  });

  test('logs -f leaves out only the lines that the answer has already shown', async () => {
    const manager = new Manager();
    // A fake daemon: it sends lines before its answer, in the answer and after it.
    const server = await IpcServer.bind(join(manager.home, 'scripted'));
    onTestFinished(() => server.close());
    const line = (text: string, end: number) => ({
      Event: { event_type: 'log_line', data: { app: 'a', stream: 'stdout', line: text, end } },
    });
    const child = manager.spawn(['logs', 'a', '-f', '--socket', server.path]);
    onTestFinished(() => void child.kill('SIGKILL'));
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part));
    const connection = await server.accept();
    const asked: IpcMessage[] = [];
    for await (const message of connection) {
      asked.push(message);
      if (typeof message === 'string') throw new Error(message);
      if ('Status' in message) await connection.send({ Data: { data: { name: 'a' } } });
      if ('Subscribe' in message) {
        await connection.send({ Success: { message: 'Subscribed to events' } });
        await connection.send(line('two', 8));
      }
      if (!('Logs' in message)) continue;
      const logs = { output: ['one', 'two'], errors: [], ends: { stdout: 8, stderr: 0 } };
      await connection.send({ Data: { data: { type: 'single', app: 'a', logs } } });
      for (const [next, end] of [
        ['one', 4],
        ['two', 8],
        ['two', 12],
        ['four', 17],
      ] as const)
        await connection.send(line(next, end));
      break;
    }
    await until(() => text.includes('four\n'), 'the last line');
    expect(text).toBe('one\ntwo\ntwo\nfour\n');
    // Subscribe comes first, so that a line printed between the two requests is in one of the answers.
    expect(asked.map((message) => Object.keys(message)[0])).toEqual(['Status', 'Subscribe', 'Logs']);
    await Promise.all([connection.close(), once(child, 'close')]);
  });

  test('logs -f goes on when the file is emptied in place', async () => {
    const manager = new Manager();
    const script = 'seq 1 1000; while :; do echo tick; sleep 0.02; done';
    await manager.ok('start', 'a', '--', 'sh', '-c', script);
    await until(async () => (await manager.ok('logs', 'a')).includes('tick'), 'it prints');
    const child = manager.spawn(['logs', 'a', '-f', '-l', '1']);
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part));
    await until(() => text.includes('tick\ntick\n'), 'it is followed');
    writeFileSync(join(manager.state, 'logs', 'a.out.log'), '');
    const { length } = text;
    await until(() => text.length > length + 50, 'ten lines more');
    child.kill('SIGINT');
    await once(child, 'close');
  });

  test('logs are read from the files when the daemon is gone', async () => {
    const manager = new Manager();
    await manager.ok('start', 'a', '--restart', 'no', '--', 'sh', '-c', 'echo out; echo err >&2');
    await until(async () => (await manager.status('a')).state === 'Stopped', 'it has ended');
    const before = JSON.parse(await manager.ok('logs', 'a', '-j')) as object;
    await manager.ok('shutdown');
    const after = await manager.run('logs', 'a', '-j');
    expect(after.stderr).toContain('No daemon is running');
    expect(before).toMatchObject(JSON.parse(after.stdout) as object);
    expect((await manager.run('logs')).stdout).toBe('out\nerr\n');
  });

  test('doctor finds a daemon, and one that is stopped and does not answer', async () => {
    const manager = new Manager();
    await manager.ok('start', 'a', '--', 'sleep', '1000');
    const { stdout, code } = await manager.run('doctor');
    expect(code).toBe(0);
    expect(stdout).toContain('answers, pid');
    expect(stdout).toContain(manager.state);
    const pid = await manager.pid();
    process.kill(pid, 'SIGSTOP');
    onTestFinished(() => void process.kill(pid, 'SIGCONT'));
    const stopped = await manager.run('doctor');
    process.kill(pid, 'SIGCONT');
    expect(stopped.code).toBe(1);
    expect(stopped.stdout).toContain('does not answer');
  });

  test('doctor names an app that bunctl has given up and a socket that is open to others', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const { Start } = start('loop', 'exit 1');
    const backoff = { base_delay_ms: 1, max_delay_ms: 1, multiplier: 1, jitter: 0, max_attempts: 0 };
    const config = JSON.stringify({ ...(JSON.parse(Start.config) as object), backoff });
    await client.request({ Start: { ...Start, config } });
    await until(async () => (await statusOf(client, 'loop')).backoff_exhausted, 'it is given up');
    const givenUp = await manager.run('doctor');
    expect(givenUp).toMatchObject({ code: 1 });
    expect(givenUp.stdout).toContain('Given up after too many restarts: loop.');
    await manager.ok('delete', 'loop', '-f');
    chmodSync(manager.socket, 0o666);
    const open = await manager.run('doctor');
    expect(open).toMatchObject({ code: 1 });
    expect(open.stdout).toContain('is open to others (mode 666)');
    chmodSync(manager.socket, 0o600);
    expect(await manager.run('doctor')).toMatchObject({ code: 0 });
  });

  test('a second daemon of a user needs its own path, and doctor reports both', async () => {
    const places = temporaryDirectory();
    const manager = new Manager({
      BUNCTL_SOCKET: join(places, `bunctl-${process.getuid?.() ?? 0}`, 'bunctl.sock'),
    });
    await manager.ok('start', 'a', '--', 'sleep', '1000');
    // By the default rule the second daemon would be at another path.
    const elsewhere = {
      ...manager.env,
      BUNCTL_SOCKET: '',
      TMPDIR: places,
      XDG_RUNTIME_DIR: join(places, 'run'),
    };
    const run = (...args: string[]) => {
      const child = spawn(process.execPath, [CLI, ...args], {
        env: elsewhere,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      let text = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (part: string) => (text += part));
      return { child, text: () => text, ended: once(child, 'close') as Promise<[number]> };
    };
    const refused = run('daemon');
    await until(() => refused.text().includes('\n'), 'it says why not');
    expect(refused.text()).toContain('A daemon of yours runs on');
    expect(await refused.ended).toEqual([1, null]);
    const second = run('daemon', '-s', join(places, 'run', 'bunctl.sock'));
    await until(() => second.text().includes('listens on'), 'it listens');
    const doctor = run('doctor');
    expect(await doctor.ended).toEqual([1, null]);
    expect(doctor.text()).toContain('Several of your daemons are running');
    second.child.kill('SIGINT');
    expect(await second.ended).toEqual([0, null]);
  });

  test('--socket names another daemon, for every command', async () => {
    const manager = new Manager();
    const there = ['--socket', join(manager.home, 'other')];
    onTestFinished(async () => {
      await manager.run('delete', 'all', '-f', ...there);
      await manager.run('shutdown', ...there);
    });
    expect((await manager.run('start', 'a', ...there, '--', 'sleep', '1000')).stderr).toContain(there[1]);
    expect((await manager.run('ping')).code).toBe(6);
    expect(await manager.ok('ping', ...there)).toContain(there[1]);
    expect(await manager.ok('list', ...there)).toContain('running');
    expect(await manager.ok('stop', 'a', ...there)).toBe('Stopped app a\n');
    expect(await manager.ok('shutdown', ...there)).toContain(there[1]);
    expect((await manager.run('ping', ...there)).code).toBe(6);
  });

  test('a shutdown that takes longer than the timeout, and a daemon that dies, have exit codes of their own', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const stubborn = 'trap "" TERM; echo ready; while :; do sleep 0.05; done';
    await client.request(start('a', stubborn, { stop_timeout: { secs: 60, nanos: 0 } }));
    await until(async () => (await manager.ok('logs', 'a')) === 'ready\n', 'it is ready');
    const { pid } = await statusOf(client, 'a');
    onTestFinished(() => {
      process.kill(-(pid as number), 'SIGKILL');
    });
    const daemon = await manager.pid();
    const late = await manager.run('shutdown', '--timeout', '0.2');
    expect(late).toMatchObject({ code: 5, stdout: '' });
    expect(late.stderr).toContain('is still stopping its apps (timeout)');
    await untilState(client, 'a', 'Stopping');
    const watching = manager.spawn(['status', 'a', '-w', '--json']);
    const ended = once(watching, 'close');
    let text = '';
    watching.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part));
    await until(() => text.includes('initial'), 'it watches');
    process.kill(daemon, 'SIGKILL');
    expect(await ended).toEqual([6, null]);
  });

  test('an answer that does not come in time has an exit code of its own', async () => {
    const manager = new Manager();
    await manager.ok('start', 'a', '--', 'sleep', '1000');
    const pid = await manager.pid();
    process.kill(pid, 'SIGSTOP');
    const { code, stderr } = await manager.run('list', '--timeout', '0.2');
    process.kill(pid, 'SIGCONT');
    expect(code).toBe(5);
    expect(stderr).toContain('timeout');
  });

  test('a daemon in the foreground says where it listens, refuses a second one, and ends by Ctrl-C', async () => {
    const manager = new Manager();
    const child = manager.spawn(['daemon']);
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part));
    await until(() => text.includes('\n'), 'it listens');
    expect(text).toContain(`bunctl listens on ${manager.socket}`);
    const second = await manager.run('daemon');
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('runs on');
    // The end of its terminal does not end it.
    child.kill('SIGHUP');
    expect(await manager.pid()).toBe(child.pid);
    await manager.ok('start', 'a', '--', 'sleep', '1000');
    child.kill('SIGINT');
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
  });

  test('a daemon with a file starts the apps of the file that have auto_start, even if some of them fail', async () => {
    const manager = new Manager();
    const file = join(manager.home, 'apps.json');
    const sleep = { command: 'sleep', args: ['1000'] };
    const apps = [
      { name: 'bad', command: 'no-such', auto_start: true },
      { name: 'not', ...sleep },
      { name: 'up', ...sleep, auto_start: true },
    ];
    writeFileSync(file, JSON.stringify({ apps }));
    const child = manager.spawn(['daemon', '-s', manager.socket, '-c', file]);
    const ended = once(child, 'close');
    await until(async () => (await manager.run('status', 'up')).code === 0, 'it has started');
    const all = JSON.parse(await manager.ok('list', '-j')) as Status[];
    expect(all.map(({ name, state }) => `${name} ${state}`)).toEqual(['up Running']);
    expect(readFileSync(join(manager.state, 'daemon.log'), 'utf8')).toContain('no-such: No such file');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  test('a daemon that cannot start tells why through `start`', async () => {
    const manager = new Manager();
    writeFileSync(manager.socket, 'no socket');
    const { code, stderr } = await manager.run('start', 'a', '--', 'sleep', '1000');
    rmSync(manager.socket);
    expect(code).toBe(6);
    expect(stderr).toContain('is not a socket');
  });

  test.runIf(spawnSync('script', ['--version']).status === 0)(
    'in a terminal: colour, a screen that is redrawn, and no control characters of an app',
    async () => {
      const manager = new Manager();
      await manager.ok('start', 'a', '--', 'sh', '-c', 'printf "\\033]0;owned\\007text\\n"; sleep 1000');
      await until(async () => (await manager.ok('logs', 'a')).includes('text'), 'it has printed');
      const pty = (command: string, noColor = '') => {
        const child = spawn('script', ['-qec', `"${process.execPath}" "${CLI}" ${command}`, '/dev/null'], {
          env: { ...manager.env, NO_COLOR: noColor, TERM: 'xterm' },
          stdio: ['pipe', 'pipe', 'inherit'],
        });
        let text = '';
        child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
        return { child, text: () => text };
      };
      const logs = pty('logs a');
      await once(logs.child, 'close');
      expect(logs.text()).toContain('text');
      expect(logs.text()).not.toContain('\x1b]0;');
      const list = pty('list');
      await once(list.child, 'close');
      expect(list.text()).toContain('\x1b[32mrunning');
      const plain = pty('list', '1');
      await once(plain.child, 'close');
      expect(plain.text()).toContain('running');
      expect(plain.text()).not.toContain('\x1b');
      const watch = pty('status -w');
      await until(() => watch.text().includes('Ctrl-C'), 'the screen is drawn');
      expect(watch.text()).toContain('\x1b[H\x1b[J');
      await manager.ok('stop', 'a');
      await until(() => watch.text().includes('stopped'), 'it is redrawn');
      watch.child.stdin.write('\x03');
      await once(watch.child, 'close');
      for (const [answer, left] of [
        ['', 1],
        ['no', 1],
        ['y', 0],
      ] as const) {
        const asked = pty('delete a');
        await until(() => asked.text().includes('[y/N]'), 'it asks');
        asked.child.stdin.write(`${answer}\n`);
        await once(asked.child, 'close');
        expect(JSON.parse(await manager.ok('list', '-j'))).toHaveLength(left);
      }
    },
  );
});
