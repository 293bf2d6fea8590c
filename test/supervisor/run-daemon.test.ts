// The process manager with real processes: the promises that users rely on.
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { startDaemon } from 'bunctl-ipc';
import { type AnswerError, IpcClient } from 'bunctl-ipc/client';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stateFiles } from '#dist/supervisor/state/paths.js';
import { statOf } from '#dist/supervisor/system/stat.js';
import { ProcessHost } from '#dist/supervisor/host/process-host.js';
import { type User, userOf } from '#dist/supervisor/system/users.js';
import { fixture, temporaryDirectory } from '../support/daemon.js';
import {
  alive,
  CLI,
  FAST,
  Manager,
  start,
  type Status,
  statusOf,
  untilState,
  written,
} from '../support/manager.js';
import { until } from '../support/until.js';

const refusal = (code: string, part: string) => ({
  code,
  message: expect.stringContaining(part) as string,
});
/** The daemon tells of itself in each answer. */
const daemon: unknown = expect.objectContaining({ version: expect.any(String) as string });
const success = (message: string) => ({ Success: { message, daemon } });
const nobody = await userOf(65_534);
/** Waits while another app crashes and comes back: whatever was to be restarted by now has been. */
async function restartsHappen(client: IpcClient): Promise<void> {
  await client.request(start('crashes', 'exit 1', { backoff: FAST }));
  await until(async () => (await statusOf(client, 'crashes')).restarts >= 5, 'it has come back five times');
  await client.request({ Delete: { name: 'crashes' } });
}
const ESCAPE = 'import os,time;os.setsid();open("pid","w").write(str(os.getpid()));time.sleep(1000)';

describe.skipIf(process.platform !== 'linux')('an app', () => {
  test('that prints lives on, and its lines are sent and kept, each in its stream', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const events = client.subscribe({ LogEvents: { app_name: 'a' } });
    await events.ready;
    await client.request(start('a', 'echo out; echo err >&2; sleep 1000'));
    const two = [(await events.next()).value?.data, (await events.next()).value?.data];
    const generation = expect.any(Number) as number;
    expect(two).toContainEqual({ app: 'a', stream: 'stdout', line: 'out', end: 4, generation });
    expect(two).toContainEqual({ app: 'a', stream: 'stderr', line: 'err', end: 4, generation });
    const told = (two[0] as { generation: number }).generation;
    const logs = { output: ['out'], errors: ['err'], generations: { stdout: told, stderr: told } };
    expect(await client.request({ Logs: { name: 'a', lines: 5 } })).toMatchObject({
      Data: { data: { type: 'single', app: 'a', logs } },
    });
    expect((await statusOf(client, 'a')).state).toBe('Running');
  });

  test.each(['on-failure', 'always', 'unless-stopped'])(
    'that is stopped stays stopped (%s)',
    async (restart_policy) => {
      const manager = new Manager();
      const client = await manager.daemon();
      await client.request(start('a', 'sleep 1000', { restart_policy, backoff: FAST }));
      const { pid } = await statusOf(client, 'a');
      expect(await client.request({ Stop: { name: 'a' } })).toEqual(success('Stopped app a'));
      expect(alive(pid)).toBe(false);
      await restartsHappen(client);
      expect(await statusOf(client, 'a')).toMatchObject({ state: 'Stopped', pid: null });
      await expect(client.request({ Stop: { name: 'a' } })).rejects.toMatchObject(
        refusal('APP_NOT_RUNNING', 'App a is not running'),
      );
      expect(await client.request(start('a', 'sleep 1000', { restart_policy, backoff: FAST }))).toEqual(
        success('Started app a'),
      );
      expect(await statusOf(client, 'a')).toMatchObject({ state: 'Running' });
    },
  );

  test('that was restarted is still looked after', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    await client.request(start('a', 'sleep 1000', { backoff: FAST }));
    expect(await client.request({ Restart: { name: 'a' } })).toEqual({
      Success: { message: expect.stringMatching(/^Restarted app a with PID \d+$/) as string, daemon },
    });
    const { pid } = await statusOf(client, 'a');
    process.kill(pid as number, 'SIGKILL');
    await until(async () => ((await statusOf(client, 'a')).pid ?? pid) !== pid, 'it has a new process');
    expect(await statusOf(client, 'a')).toMatchObject({
      state: 'Running',
      restarts: 2,
      last_exit_signal: 'SIGKILL',
    });
    expect(alive(pid)).toBe(false);
  });

  test('that crashes again and again is given up after its attempts, and can be stopped between them', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    await client.request(start('loop', 'exit 3', { backoff: { ...FAST, max_attempts: 3 } }));
    await until(async () => (await statusOf(client, 'loop')).backoff_exhausted, 'it is given up');
    expect(await statusOf(client, 'loop')).toMatchObject({
      state: 'Stopped',
      restarts: 3,
      last_exit_code: 3,
    });
    await client.request(
      start('slow', 'exit 3', { backoff: { ...FAST, base_delay_ms: 60_000, max_delay_ms: 60_000 } }),
    );
    await until(async () => (await statusOf(client, 'slow')).state.startsWith('Backoff'), 'it waits');
    expect(await client.request({ Stop: { name: 'slow' } })).toEqual(success('Stopped app slow'));
    expect((await statusOf(client, 'slow')).state).toBe('Stopped');
  });

  test('whose processes hold more memory than they may is ended and restarted; apps without a limit may hold any amount', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const grows = 'globalThis.held = Buffer.alloc(150 * 1024 * 1024, 1); setInterval(() => {}, 1000)';
    const marker = join(manager.home, 'grew');
    // A child holds the memory, and only in the first run.
    const greedy = `test -e ${marker} && exec sleep 1000; touch ${marker}; ${process.execPath} -e '${grows}'; exit 0`;
    const limit = { max_memory: 100 * 1024 * 1024, backoff: FAST };
    await client.request(start('free', `${process.execPath} -e '${grows}'; exit 0`));
    await client.request(start('greedy', greedy, limit));
    await client.request(start('modest', 'sleep 1000', limit));
    await until(async () => (await statusOf(client, 'greedy')).restarts === 1, 'it is restarted');
    await until(async () => (await statusOf(client, 'greedy')).state === 'Running', 'it runs again');
    expect(await statusOf(client, 'modest')).toMatchObject({ state: 'Running', restarts: 0 });
    expect(await statusOf(client, 'free')).toMatchObject({ state: 'Running', restarts: 0 });
    expect(readFileSync(join(manager.state, 'daemon.log'), 'utf8')).toContain('more memory than it may');
  });

  test('that ignores SIGTERM is killed after its timeout, and does not delay other commands meanwhile', async () => {
    const manager = new Manager();
    const [client, other, third] = [await manager.daemon(), await manager.connect(), await manager.connect()];
    await client.request(
      start('stubborn', 'trap "" TERM; while :; do sleep 0.1; done', { stop_timeout: { secs: 1, nanos: 0 } }),
    );
    const { pid } = await statusOf(client, 'stubborn');
    const [stopping, deleting] = [
      client.request({ Stop: { name: 'stubborn' } }),
      third.request({ Delete: { name: 'stubborn' } }),
    ];
    expect(await other.request('List')).toMatchObject({ Data: { data: ['stubborn'] } });
    expect((await statusOf(other, 'stubborn')).state).toBe('Stopping');
    expect(await Promise.all([stopping, deleting])).toEqual([
      success('Stopped app stubborn'),
      success('Deleted app stubborn'),
    ]);
    expect(alive(pid)).toBe(false);
  });

  test('ends together with all of its process group, by Stop and by its own end', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const child = async (name: string): Promise<number> => {
      const file = join(manager.home, name);
      await until(() => {
        try {
          return readFileSync(file, 'utf8').endsWith('\n');
        } catch {
          return false;
        }
      }, 'the child is there');
      return Number(readFileSync(file, 'utf8'));
    };
    await client.request(start('a', `sleep 1000 & echo $! > ${manager.home}/a; wait`));
    const first = await child('a');
    await client.request({ Stop: { name: 'a' } });
    expect(alive(first)).toBe(false);
    await client.request(start('b', `sleep 1000 & echo $! > ${manager.home}/b; exit 0`));
    await untilState(client, 'b', 'Stopped');
    expect(alive(await child('b'))).toBe(false);
  });

  test('gets SIGTERM as a group and at once, by Stop and by its own end, and SIGKILL as a group after its timeout', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const printed = async (name: string, line: string): Promise<void> => {
      const file = join(manager.state, 'logs', `${name}.out.log`);
      await until(() => readFileSync(file, 'utf8').split('\n').includes(line), `${name} prints ${line}`);
    };
    // The leader ignores SIGTERM and ends after its child, so it ends only if the child gets SIGTERM too.
    await client.request(
      start('asked', 'sleep 1000 & trap "" TERM; echo ready; wait; echo child gone', {
        stop_timeout: { secs: 5, nanos: 0 },
      }),
    );
    await printed('asked', 'ready');
    expect(await client.request({ Stop: { name: 'asked' } })).toEqual(success('Stopped app asked'));
    await printed('asked', 'child gone');
    // The processes that a leader leaves behind get SIGTERM before they are killed,
    const polite = '(trap "echo asked; exit 0" TERM; echo ready; while :; do sleep 0.05; done)';
    spawnSync('mkfifo', [join(manager.home, 'go')]);
    await client.request(
      start('rest', `${polite} & read line < ${join(manager.home, 'go')}; exit 0`, { restart_policy: 'no' }),
    );
    await printed('rest', 'ready');
    writeFileSync(join(manager.home, 'go'), 'go\n');
    await untilState(client, 'rest', 'Stopped');
    await printed('rest', 'asked');
    // and SIGKILL if they do not end.
    const rude = '(trap "" TERM; echo ready; while :; do sleep 0.05; done)';
    await client.request(
      start('stays', `${rude} & read line < ${join(manager.home, 'go')}; exit 0`, {
        stop_timeout: { secs: 0, nanos: 500_000_000 },
      }),
    );
    const { pid } = await statusOf(client, 'stays');
    await printed('stays', 'ready');
    writeFileSync(join(manager.home, 'go'), 'go\n');
    await untilState(client, 'stays', 'Stopped');
    const left = readdirSync('/proc').filter((entry) => statOf(Number(entry))?.group === pid);
    expect(left.filter((entry) => alive(Number(entry)))).toEqual([]);
  });

  test('whose child has left the group: the answer names it', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    await client.request(start('a', `python3 -c '${ESCAPE}' & sleep 1000`, { cwd: manager.home }));
    const file = join(manager.home, 'pid');
    await until(() => {
      try {
        return readFileSync(file, 'utf8') !== '';
      } catch {
        return false;
      }
    }, 'it has escaped');
    const escaped = Number(readFileSync(file, 'utf8'));
    const answer = await client.request({ Stop: { name: 'a' } });
    process.kill(escaped, 'SIGKILL');
    expect(answer).toEqual({
      Success: { message: expect.stringContaining(`left behind process ${escaped}`) as string, daemon },
    });
  });

  test('whose children have left the group in any of its runs: the answer names them all', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const file = join(manager.home, 'pid');
    const escaped: number[] = [];
    for (const command of ['Start', 'Restart']) {
      rmSync(file, { force: true });
      if (command === 'Restart') await client.request({ Restart: { name: 'a' } });
      else
        await client.request(
          start('a', 'setsid sh -c "echo \\$\\$ > pid; exec sleep 1000" & sleep 1000', { cwd: manager.home }),
        );
      escaped.push(await written(file));
    }
    const answer = await client.request({ Delete: { name: 'a' } });
    for (const pid of escaped) process.kill(pid, 'SIGKILL');
    expect(answer).toEqual({
      Success: {
        message: expect.stringContaining(
          `left behind processes ${escaped.toSorted((a, b) => a - b).join(', ')}`,
        ) as string,
        daemon,
      },
    });
  });

  test('that cannot be spawned leaves nothing behind; the error says why', async () => {
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

  test('has the folder, environment, umask and open-file limit of its caller, and its secrets are never shown', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const env = { PORT: '80', NODE_ENV: 'x', DATABASE_URL: 'pass', SECRET: 'pass', REDIS_HOST: 'pass' };
    await client.request(start('a', 'pwd; echo $SECRET; umask; ulimit -n; sleep 1000', { env, cwd: '/usr' }));
    await until(
      async () =>
        JSON.stringify(await client.request({ Logs: { name: 'a', lines: 9 } })).split(',').length > 4,
      'it has printed',
    );
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
  });

  test('has the umask and the open-file limit of the daemon’s caller', async () => {
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
    await until(async () => (await manager.ok('logs', 'a')).split('\n').length === 4, 'it has printed');
    expect(await manager.ok('logs', 'a')).toBe(`0027\n1000\n${hard}\n`);
  });

  test('has none of the daemon’s internal variables, and always has its mark, whatever its configuration says', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const config = { env: { BUNCTL_APP: 'mine' }, restart_policy: 'no' };
    await client.request(start('a', 'env | grep -E "^(BUNCTL|NODE_CHANNEL)_"', config));
    await untilState(client, 'a', 'Stopped');
    expect(readFileSync(join(manager.state, 'logs', 'a.out.log'), 'utf8')).toMatch(
      new RegExp(`^(BUNCTL_SOCKET=${manager.socket}|BUNCTL_APP=a:[\\da-f]{16}|\n)+$`),
    );
  });

  test.runIf(process.getuid?.() === 0)('runs as the user and group of its configuration', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const config = { cwd: '/', uid: 65_534, gid: 65_533, restart_policy: 'no' };
    expect(await client.request(start('a', 'id -u; id -g', config))).toEqual(success('Started app a'));
    await untilState(client, 'a', 'Stopped');
    expect(readFileSync(join(manager.state, 'logs', 'a.out.log'), 'utf8')).toBe('65534\n65533\n');
  });

  test.runIf(process.getuid?.() === 0 && nobody !== undefined)(
    'runs with the group, the name and the home of its user, when no other is given',
    async () => {
      const manager = new Manager();
      const client = await manager.daemon();
      const { gid, name, home } = nobody as User;
      const config = { cwd: '/', uid: 65_534, restart_policy: 'no' };
      await client.request(start('a', 'id -g; echo $USER $HOME', config));
      await untilState(client, 'a', 'Stopped');
      expect(readFileSync(join(manager.state, 'logs', 'a.out.log'), 'utf8')).toBe(
        `${gid}\n${name} ${home}\n`,
      );
    },
  );

  test('keeps its earlier output over a restart, and only the owner can read its files', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    await client.request(start('a', 'echo line; sleep 1000'));
    const log = join(manager.state, 'logs', 'a.out.log');
    await until(() => readFileSync(log, 'utf8') === 'line\n', 'it has printed');
    await client.request({ Restart: { name: 'a' } });
    await until(() => readFileSync(log, 'utf8') === 'line\nline\n', 'it has printed again');
    const mode = (...path: string[]): string =>
      (statSync(join(manager.state, ...path)).mode & 0o777).toString(8);
    expect([mode(), mode('apps'), mode('logs')]).toEqual(['700', '700', '700']);
    const files = [mode('apps', 'a.json'), mode('logs', 'a.out.log'), mode('logs', 'a.err.log')];
    expect([...files, mode('daemon.log'), mode('socket')]).toEqual(Array<string>(5).fill('600'));
  });

  test('whose logs are larger than an answer: the answer has as many of the last lines as fit', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    await client.request(start('a', 'sleep 1000'));
    // Each takes six bytes in JSON.
    const flood = `${'\u0001'.repeat(1000)}\n`.repeat(12_000);
    for (const stream of ['out', 'err'])
      appendFileSync(join(manager.state, 'logs', `a.${stream}.log`), `${flood}last ${stream}\n`);
    const one = await client.request({ Logs: { name: 'a', lines: 1_000_000 } });
    const { logs } = (one as { Data: { data: { logs: { output: string[]; errors: string[] } } } }).Data.data;
    expect([logs.output.at(-1), logs.errors.at(-1)]).toEqual(['last out', 'last err']);
    expect(Math.min(logs.output.length, logs.errors.length)).toBeGreaterThan(100);
    expect(await client.request({ Logs: { name: null, lines: 1_000_000 } })).toHaveProperty('Data');
  });

  test('that floods loses no line, and a subscriber gets all lines', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const LINES = 50_000;
    const events = client.subscribe({ LogEvents: { app_name: 'flood' } });
    await events.ready;
    // On a separate connection: a client that waits for an answer keeps reading, and drops events that are not taken.
    const other = await manager.connect();
    await other.request(start('flood', `seq 1 ${LINES}; sleep 1000`));
    for (let n = 1; n <= LINES; n += 1) {
      const { value } = await events.next();
      if ((value?.data as { line: string }).line !== String(n))
        throw new Error(`${JSON.stringify(value)} instead of ${n}`);
    }
    expect(events.dropped).toBe(0);
  });

  test('whose log is on a full disk goes on, and so does the daemon', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    symlinkSync('/dev/full', join(manager.state, 'logs', 'full.out.log'));
    const rounds = join(manager.home, 'rounds');
    await client.request(
      start('full', `while :; do echo lost 2>/dev/null; echo >> ${rounds}; sleep 0.05; done`),
    );
    await until(() => existsSync(rounds) && statSync(rounds).size >= 4, 'it has printed several times');
    expect((await statusOf(client, 'full')).state).toBe('Running');
    expect(await client.request({ Logs: { name: 'full', lines: 5 } })).toHaveProperty('Data');
  });
});

describe.skipIf(process.platform !== 'linux')('many clients', () => {
  test('that start, stop, restart and delete one app at once leave it in a consistent state', async () => {
    const manager = new Manager();
    await manager.daemon();
    const clients = await Promise.all(Array.from({ length: 8 }, () => manager.connect()));
    const request = start('a', 'sleep 1000', {
      restart_policy: 'always',
      backoff: FAST,
      env: { TEST: manager.home },
    });
    const commands = [
      request,
      { Stop: { name: 'a' } },
      { Restart: { name: 'a' } },
      { Delete: { name: 'a' } },
    ];
    await Promise.all(
      clients.map(async (client, index) => {
        for (let round = 0; round < 12; round += 1) {
          const answered = client.request(commands[(index * 7 + round * 5) % 4] ?? 'List');
          await answered.catch((error: unknown) =>
            expect((error as AnswerError).code).toMatch(/^APP_NOT_(FOUND|RUNNING)$/),
          );
        }
      }),
    );
    const [client] = clients as [IpcClient];
    await client.request(request);
    const { pid } = await statusOf(client, 'a');
    // Its only process is the reported one.
    const ours = readdirSync('/proc').filter((entry) => {
      try {
        const environment = readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0');
        const group = /^NSpgid:\s+(\d+)/m.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1];
        return environment.includes(`TEST=${manager.home}`) && group === entry && alive(Number(entry));
      } catch {
        return false;
      }
    });
    expect(ours).toEqual([String(pid)]);
    expect(alive(pid)).toBe(true);
    await client.request({ Delete: { name: 'a' } });
    expect(alive(pid)).toBe(false);
    expect(await client.request('List')).toMatchObject({ Data: { data: [] } });
  });
});

test.skipIf(process.platform !== 'linux')(
  'the supervisor may die at any moment: apps, states and restarts go on',
  async () => {
    const home = temporaryDirectory();
    const files = stateFiles(home);
    for (const directory of [files.apps, files.logs]) mkdirSync(directory);
    const log = pino({ level: 'silent' });
    const host = new ProcessHost({ files, log, limit: undefined, socket: '/nowhere' });
    const dieAt = join(home, 'die');
    const workerData = { stateDirectory: home, daemon: {}, dieAt };
    const socketPath = join(home, 's');
    const daemon = await startDaemon({
      socketPath,
      commands: new URL('../../dist/supervisor/commands.js', import.meta.url),
      service: fixture('dying-supervisor.js'),
      host: {
        ...host.functions(),
        declared: () => null,
        applied: () => undefined,
        shutDown: () => undefined,
        shuttingDown: () => false,
        shutdownResult: () => undefined,
      },
      workerData,
    });
    const client = await IpcClient.connect(socketPath);
    onTestFinished(async () => {
      await client.request({ Delete: { name: 'steady' } });
      await client.request({ Delete: { name: 'crashing' } });
      await client.close();
      await daemon.close({ grace: 0 });
      host.close();
    });
    const die = async (): Promise<void> => {
      writeFileSync(dieAt, '');
      // The next one removes the file before it takes over; only then is an answer its own.
      await until(() => !existsSync(dieAt), 'there is another supervisor');
      const answers = (): Promise<boolean> =>
        client.request({ Status: { name: 'steady' } }).then(
          () => true,
          () => false,
        );
      await until(answers, 'it answers');
    };
    await client.request(start('steady', 'sleep 1000', { backoff: FAST }));
    await client.request(start('stopped', 'sleep 1000'));
    await client.request({ Stop: { name: 'stopped' } });
    await client.request(
      start('crashing', 'sleep 0.05; exit 1', {
        backoff: { ...FAST, base_delay_ms: 100, max_delay_ms: 100 },
      }),
    );
    const { pid } = await statusOf(client, 'steady');
    for (let round = 0; round < 4; round += 1) {
      await die();
      expect(await statusOf(client, 'steady')).toMatchObject({ state: 'Running', pid });
      expect((await statusOf(client, 'stopped')).state).toBe('Stopped');
      const { restarts } = await statusOf(client, 'crashing');
      await until(
        async () => (await statusOf(client, 'crashing')).restarts > restarts,
        'the crashing app is restarted',
      );
    }
    // It dies while there is no supervisor: the next supervisor learns how.
    writeFileSync(dieAt, '');
    process.kill(pid as number, 'SIGKILL');
    await until(async () => {
      const answer = await client.request({ Status: { name: 'steady' } }).catch(() => undefined);
      const status =
        answer && 'Data' in answer
          ? (answer.Data.data as { pid: number | null; last_exit_signal: string })
          : undefined;
      return (
        status !== undefined &&
        status.pid !== null &&
        status.pid !== pid &&
        status.last_exit_signal === 'SIGKILL'
      );
    }, 'it runs again');
  },
);

describe.skipIf(process.platform !== 'linux')('the daemon', () => {
  test('killed with SIGKILL loses no app and no line; the next daemon adopts running apps and restarts those that died', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    await client.request(start('ticker', 'n=0; while :; do n=$((n+1)); echo $n; sleep 0.01; done'));
    await client.request(start('dies', 'sleep 1000 & wait', { backoff: FAST }));
    await client.request(start('rests', 'sleep 1000 & wait', { restart_policy: 'no' }));
    const [ticker, dies, rests] = [
      await statusOf(client, 'ticker'),
      await statusOf(client, 'dies'),
      await statusOf(client, 'rests'),
    ];
    const daemon = await manager.pid();
    process.kill(daemon, 'SIGKILL');
    await until(() => !alive(daemon), 'the daemon is gone');
    const childrenOf = (group: number | null): number[] =>
      readdirSync('/proc')
        .map(Number)
        .filter((entry) => entry > 0 && entry !== group && statOf(entry)?.group === group);
    const children = [...childrenOf(dies.pid), ...childrenOf(rests.pid)];
    process.kill(dies.pid as number, 'SIGKILL');
    process.kill(rests.pid as number, 'SIGKILL');
    expect(alive(ticker.pid)).toBe(true);
    await manager.ok('start', 'other', '--', 'sleep', '1000');
    const next = await manager.connect();
    expect(await statusOf(next, 'ticker')).toMatchObject({ state: 'Running', pid: ticker.pid, restarts: 0 });
    await untilState(next, 'dies', 'Running');
    expect(await statusOf(next, 'dies')).toMatchObject({
      last_exit_unknown: true,
      last_exit_code: null,
      restarts: 1,
    });
    await untilState(next, 'rests', 'Stopped');
    expect(await statusOf(next, 'rests')).toMatchObject({ last_exit_unknown: true });
    // The processes that their leaders left behind are gone too.
    expect(children.filter(alive)).toEqual([]);
    // An adopted app is followed and stopped, and its end is noticed, as for any other app.
    const events = next.subscribe({ LogEvents: { app_name: 'ticker' } });
    expect((await events.next()).value?.event_type).toBe('log_line');
    await events.close();
    expect(await next.request({ Stop: { name: 'ticker' } })).toEqual(success('Stopped app ticker'));
    expect(alive(ticker.pid)).toBe(false);
    const lines = readFileSync(join(manager.state, 'logs', 'ticker.out.log'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines).toEqual(lines.map((_, index) => String(index + 1)));
  });

  test('ended with SIGTERM gives each app its time; the next daemon starts the apps that are to run', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const slow = 'trap "sleep 0.5; echo done; exit 0" TERM; echo ready; while :; do sleep 0.05; done';
    await client.request(start('slow', slow));
    await client.request(start('always', 'sleep 1000', { restart_policy: 'always' }));
    await client.request(start('unless', 'sleep 1000', { restart_policy: 'unless-stopped' }));
    await client.request(start('auto', 'sleep 1000', { auto_start: true }));
    await client.request(start('told', 'sleep 1000', { restart_policy: 'always', auto_start: true }));
    await client.request({ Stop: { name: 'told' } });
    const program = join(manager.home, 'program');
    writeFileSync(program, '#!/bin/sh\nsleep 1000\n', { mode: 0o700 });
    await client.request(start('absent', '', { command: program, args: [], restart_policy: 'always' }));
    const printed = (): string => readFileSync(join(manager.state, 'logs', 'slow.out.log'), 'utf8');
    await until(() => printed() === 'ready\n', 'its trap is set');
    const { pid } = await statusOf(client, 'slow');
    await manager.ok('shutdown');
    expect(alive(pid)).toBe(false);
    expect(printed()).toBe('ready\ndone\n');
    rmSync(program);
    await manager.ok('start', 'other', '--', 'sleep', '1000');
    const next = await manager.connect();
    let states: string[] = [];
    // One answer for all apps: an app that is tried again is Starting for a moment now and then.
    await until(async () => {
      const answer = (await next.request({ Status: { name: null } })) as { Data: { data: Status[] } };
      states = answer.Data.data.map(({ name, state }) => `${name} ${state.split(' ')[0]}`);
      return states.includes('absent Backoff');
    }, 'it waits');
    // An app that cannot be started yet does not stop the others, and is tried again.
    expect(states).toEqual([
      'absent Backoff',
      'always Running',
      'auto Running',
      'other Running',
      'slow Stopped',
      'told Stopped',
      'unless Running',
    ]);
    expect(await statusOf(next, 'absent')).toMatchObject({
      last_error: expect.stringContaining('No such file') as string,
    });
    writeFileSync(program, '#!/bin/sh\nsleep 1000\n', { mode: 0o700 });
    expect(await untilState(next, 'absent', 'Running')).toMatchObject({ last_error: null });
  });

  test('ended by a second signal leaves the apps running', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    await client.request(
      start('a', 'trap "" TERM; while :; do sleep 0.1; done', { stop_timeout: { secs: 5, nanos: 0 } }),
    );
    const { pid } = await statusOf(client, 'a');
    const daemon = await manager.pid();
    process.kill(daemon, 'SIGTERM');
    await untilState(client, 'a', 'Stopping');
    // After that, no app is started, since nothing would stop it.
    await expect(client.request(start('late', 'sleep 1000'))).rejects.toMatchObject(
      refusal('SHUTTING_DOWN', 'shutting down'),
    );
    process.kill(daemon, 'SIGTERM');
    await until(() => !alive(daemon), 'the daemon is gone');
    expect(alive(pid)).toBe(true);
  });

  test('of ten that `bunctl start` starts at once, exactly one stays, and every app runs', async () => {
    const manager = new Manager();
    const started = await Promise.all(
      Array.from({ length: 10 }, (_, n) => manager.run('start', `app${n}`, '--', 'sleep', '1000')),
    );
    expect(started.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual(Array<number>(10).fill(0));
    expect(started.filter(({ stderr }) => stderr.includes('Started the daemon'))).toHaveLength(1);
    const client = await manager.connect();
    expect(await client.request('List')).toMatchObject({
      Data: { data: Array.from({ length: 10 }, (_, n) => `app${n}`) },
    });
  });

  test('accepts or refuses unusual names, and files stay where they belong', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    await expect(client.request({ Stop: { name: '/' } })).rejects.toMatchObject(
      refusal('APP_NAME_INVALID', 'Invalid app name'),
    );
    await expect(client.request({ Stop: { name: 'x'.repeat(1024) } })).rejects.toMatchObject(
      refusal('APP_NAME_INVALID', 'Invalid app name'),
    );
    await expect(client.request({ Stop: { name: '__proto__' } })).rejects.toMatchObject(
      refusal('APP_NOT_FOUND', 'App __proto__ not found'),
    );
    for (const name of ['..', '__proto__', 'a\nb', 'a\0b', 'constructor']) {
      expect(await client.request(start(name, 'echo hi; sleep 1000'))).toEqual(
        success(`Started app ${name}`),
      );
      await until(
        async () => JSON.stringify(await client.request({ Logs: { name, lines: 1 } })).includes('hi'),
        'it has printed',
      );
      expect(await client.request({ Delete: { name } })).toEqual(success(`Deleted app ${name}`));
    }
    expect(readFileSync(join(manager.state, 'logs', '...out.log'), 'utf8')).toBe('hi\n');
  });
});
