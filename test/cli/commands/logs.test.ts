// `logs`: every line that was asked for once, whose it is, and what is said when some are missing.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn, spawnSync } from 'node:child_process';
import { type IpcConnection, type IpcMessage, IpcServer } from 'bunctl-ipc';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CLI, Manager, sharedManager } from '../../support/manager.js';
import { hasShell, readersCanBeWatched } from '../../support/platform.js';
import { either, eitherThenLasts, printsAndLasts } from '../../support/programs.js';
import { until } from '../../support/until.js';
import { type Answer, data, fakeDaemon, itself, refusal, status, success } from '../fake-daemon.js';

interface Line {
  readonly app?: string;
  readonly line: string;
  readonly end?: number;
  readonly generation?: number;
}

/** A daemon with these logs that sends these lines once it was asked for them, and then ends. */
const telling =
  (logs: Readonly<Record<string, object>>, lines: readonly Line[] = []): Answer =>
  async (message, connection: IpcConnection) => {
    if (message === 'List') return data(Object.keys(logs));
    if (typeof message !== 'object') return success('done');
    if ('Status' in message) return data(status(message.Status.name ?? ''));
    if (!('Logs' in message)) return success('Subscribed');
    const { name, lines: count } = message.Logs;
    if (name !== null && !logs[name]) return refusal(`App ${name} not found`);
    await connection.send(
      data(
        name === null
          ? { type: 'all', apps: Object.entries(logs) }
          : { type: 'single', app: name, logs: logs[name] },
        itself(),
      ),
    );
    if (count === 0 || (name !== null && name !== Object.keys(logs).at(-1))) return undefined;
    for (const line of lines)
      await connection.send({
        Event: { event_type: 'log_line', data: { app: 'a', stream: 'stdout', ...line } },
      });
    if (lines.length > 0) await connection.close();
    return undefined;
  };

const printed = (output: readonly string[], more: object = {}) => ({ output, errors: [], ...more });

/** One daemon for the tests that only use it. */
const shared = sharedManager();

describe('logs -f', () => {
  test('shows what is written into a file that was emptied, and still each line once', async () => {
    const manager = new Manager();
    const ends = { stdout: 100, stderr: 0 };
    await fakeDaemon(
      manager.socket,
      telling({ a: printed(['old'], { ends, generations: { stdout: 1, stderr: 1 } }) }, [
        { line: 'old', end: 100, generation: 1 },
        { line: 'first', end: 6, generation: 2 },
        { line: 'second', end: 13, generation: 2 },
      ]),
    );
    expect((await manager.run('logs', 'a', '-f')).stdout).toBe('old\nfirst\nsecond\n');
  });

  test('shows that lines are left out, and still each line once', async () => {
    const manager = new Manager();
    const ends = { stdout: 100, stderr: 0 };
    await fakeDaemon(
      manager.socket,
      telling({ a: printed(['old'], { ends, generations: { stdout: 1, stderr: 1 } }) }, [
        { line: '[a line is left out here]' },
        { line: 'old', end: 100, generation: 1 },
        { line: 'new', end: 104, generation: 1 },
      ]),
    );
    expect((await manager.run('logs', 'a', '-f')).stdout).toBe('old\n[a line is left out here]\nnew\n');
  });

  test('tells lines apart by their ends alone where no generations are told', async () => {
    const manager = new Manager();
    await fakeDaemon(
      manager.socket,
      telling({ a: printed(['old'], { ends: { stdout: 100, stderr: 0 } }) }, [
        { line: 'old', end: 100 },
        { line: 'new', end: 104 },
        { line: 'after it was emptied', end: 21 },
      ]),
    );
    expect((await manager.run('logs', 'a', '-f')).stdout).toBe('old\nnew\nafter it was emptied\n');
  });

  test('says that the daemon has ended, with the exit code of a daemon that cannot be reached', async () => {
    const manager = new Manager();
    await fakeDaemon(manager.socket, telling({ a: printed([]) }, [{ line: 'new' }]));
    const { code, stdout, stderr } = await manager.run('logs', 'a', '-f');
    expect({ code, stdout }).toEqual({ code: 6, stdout: 'new\n' });
    expect(stderr).toContain('The daemon has gone');
  });

  test('follows several apps, says whose each line is, and shows no others', async () => {
    const manager = new Manager();
    await fakeDaemon(
      manager.socket,
      telling({ a: printed(['one']), b: printed(['two']) }, [
        { app: 'b', line: 'three' },
        { app: 'c', line: 'not asked for' },
        { app: 'a', line: 'four' },
      ]),
    );
    expect((await manager.run('logs', 'a', 'b', '-f')).stdout).toBe(
      '[a] one\n[b] two\n[b] three\n[a] four\n',
    );
  });
});

describe('logs', () => {
  test('of several apps say whose each line is; of one app they are as it printed them', async () => {
    const manager = new Manager();
    await fakeDaemon(manager.socket, telling({ a: printed(['one']), b: printed(['two']) }));
    expect(await manager.ok('logs')).toBe('[a] one\n[b] two\n');
    expect(await manager.ok('logs', 'b', 'a')).toBe('[b] two\n[a] one\n');
    expect(await manager.ok('logs', 'b')).toBe('two\n');
    expect(JSON.parse(await manager.ok('logs', 'a', 'b', '-j'))).toMatchObject({
      type: 'all',
      apps: [
        ['a', { output: ['one'] }],
        ['b', { output: ['two'] }],
      ],
    });
  });

  test('that do not fit one answer are told of on stderr, with the file that has them all', async () => {
    const manager = new Manager();
    const ends = (stdout: number) => ({ ends: { stdout, stderr: 0 } });
    await fakeDaemon(
      manager.socket,
      telling({ whole: printed(['x', 'y'], ends(4)), cut: printed(['x', 'y'], ends(1_000_000)) }),
    );
    expect(await manager.run('logs', 'whole')).toMatchObject({ stdout: 'x\ny\n', stderr: '' });
    expect(await manager.run('logs', 'cut', '-l', '2')).toMatchObject({ stdout: 'x\ny\n', stderr: '' });
    const { code, stderr } = await manager.run('logs', 'cut', '-l', '50');
    expect(code).toBe(0);
    const said = stderr.split('\n').find((line) => line.includes('Only the last 2 lines '));
    expect(said).toContain(`all of them are in ${join('/state', 'logs', 'cut.out.log')}`);
  });

  test('of an app that was deleted are read from its files, and that is said', async () => {
    const manager = shared;
    await manager.ok('start', 'a', '--', ...printsAndLasts('out'));
    await until(async () => (await manager.ok('logs', 'a')) === 'out\n', 'it has printed');
    await manager.ok('delete', 'a', '-f');
    const { code, stdout, stderr } = await manager.run('logs', 'a');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'out\n' });
    expect(stderr).toContain('There is no app a any more');
    expect((await manager.run('logs', 'nobody')).code).toBe(3);
    expect((await manager.run('logs', 'a', '-f')).code).toBe(3);
  });
});

test('logs -f shows each old and new line once; a closed pipe ends it quietly', async () => {
  const manager = shared;
  const counts = eitherThenLasts(
    'n=0; while :; do n=$((n+1)); echo $n; sleep 0.01; done',
    'let n = 0; setInterval(() => console.log(++n), 10)',
  );
  await manager.ok('start', 'n', '--', ...counts);
  const child = manager.spawn(['logs', 'n', '-f', '-l', '1000000']);
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part));
  await until(() => text.split('\n').length > 60, 'sixty lines');
  child.kill('SIGINT');
  await once(child, 'close');
  const lines = text.trimEnd().split('\n');
  expect(lines).toEqual(lines.map((_, index) => String(index + 1)));
  expect((await manager.status('n')).state).toBe('Running');
  if (!hasShell) return;
  const piped = spawnSync('sh', ['-c', `"${process.execPath}" "${CLI}" logs n -f | head -n 2; echo done`], {
    encoding: 'utf8',
    env: manager.env,
    timeout: 30_000,
  });
  expect(piped.stdout.endsWith('done\n')).toBe(true);
  expect(piped.stderr).toBe('');
});

test('logs shows the last twenty lines, and goes on with -w, with the name or the id of the app', async () => {
  const manager = shared;
  const go = join(manager.home, 'go');
  const program = eitherThenLasts(
    `seq 1 30; until test -e '${go}'; do sleep 0.05; done; echo more; echo error >&2`,
    `for (let n = 1; n <= 30; n += 1) console.log(n);
    const waiting = setInterval(() => {
      if (!require('node:fs').existsSync(${JSON.stringify(go)})) return;
      clearInterval(waiting);
      console.log('more');
      console.error('error');
    }, 50)`,
  );
  await manager.ok('start', 'My App', '--', ...program);
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
    if (message.Logs.lines === 0) {
      await connection.send({ Data: { data: { type: 'single', app: 'a', logs } } });
      continue;
    }
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
  expect(asked.map((message) => Object.keys(message)[0])).toEqual(['Logs', 'Status', 'Subscribe', 'Logs']);
  await Promise.all([connection.close(), once(child, 'close')]);
});

test('logs -f goes on when the file is emptied in place', async () => {
  const manager = shared;
  const ticks = eitherThenLasts(
    'seq 1 1000; while :; do echo tick; sleep 0.02; done',
    `for (let n = 1; n <= 1000; n += 1) console.log(n); setInterval(() => console.log('tick'), 20)`,
  );
  await manager.ok('start', 'a', '--', ...ticks);
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
  // Two pipes that are written to at once have no order, so it waits until its first line is read.
  const go = join(manager.home, 'go');
  const program = either(
    `echo out; until [ -e '${go}' ]; do sleep 0.05; done; echo err >&2`,
    `console.log('out');
    const waiting = setInterval(() => {
      if (!require('node:fs').existsSync(${JSON.stringify(go)})) return;
      clearInterval(waiting);
      console.error('err');
    }, 50)`,
  );
  await manager.ok('start', 'a', '--restart', 'no', '--', ...program);
  await until(() => manager.printed('a') === 'out\n', 'its first line is read');
  writeFileSync(go, '');
  await until(async () => (await manager.status('a')).state === 'Stopped', 'it has ended');
  const before = JSON.parse(await manager.ok('logs', 'a', '-j')) as object;
  await manager.ok('shutdown');
  const after = await manager.run('logs', 'a', '-j');
  expect(after.stderr).toContain('No daemon is running');
  expect(before).toMatchObject(JSON.parse(after.stdout) as object);
  expect((await manager.run('logs')).stdout).toBe('out\nerr\n');
});

test.runIf(readersCanBeWatched)(
  'logs -f and status -w end when nobody reads them any more, though there is nothing to print',
  async () => {
    const manager = shared;
    await manager.ok('start', 'a', '--', 'sh', '-c', 'echo one; exec sleep 1000');
    await until(() => manager.printed('a') === 'one\n', 'it has printed');
    for (const command of ['logs a -f --grep one', 'logs a -f --json', 'status a -w']) {
      const line = `"${process.execPath}" "${CLI}" ${command} | head -1 >/dev/null`;
      const child = spawn('sh', ['-c', line], { env: manager.env, stdio: 'ignore', detached: true });
      const { pid } = child;
      onTestFinished(() => {
        if (child.exitCode === null) process.kill(-(pid as number), 'SIGKILL');
      });
      await until(() => child.exitCode !== null, `${command} has ended`);
      expect(child.exitCode).toBe(0);
    }
  },
);
