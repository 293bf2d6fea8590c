// `logs` of log files: order, times, filters, and following them with and without a daemon.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { endpointAt } from '#dist/endpoint/default-path.js';
import { stateDirectory } from '#dist/supervisor/state/paths.js';
import { LogWriter } from '../../support/log-writer.js';
import { Manager } from '../../support/manager.js';
import { LASTS } from '../../support/programs.js';
import { until } from '../../support/until.js';

const START = Date.parse('2026-11-27T02:00:00.000Z');

/** A manager without a daemon, and the folder of its log files. */
function world(env: NodeJS.ProcessEnv = {}) {
  const manager = new Manager({ TZ: 'UTC', ...env });
  const home = (): string => manager.home;
  const logs = join(
    stateDirectory(endpointAt(manager.socket), { env: manager.env, home, places: [] }),
    'logs',
  );
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const writer = (id: string): LogWriter => new LogWriter(join(logs, `${id}.all.log`));
  return { manager, logs, writer };
}

function follow(manager: Manager, ...args: string[]) {
  const child = manager.spawn(['logs', ...args, '-f']);
  onTestFinished(() => void child.kill('SIGKILL'));
  const text = { out: '', err: '' };
  child.stdout?.setEncoding('utf8').on('data', (part: string) => (text.out += part));
  child.stderr?.setEncoding('utf8').on('data', (part: string) => (text.err += part));
  return { child, text };
}

describe('logs', () => {
  test('are in the order of printing, over all files, stderr in red, what bunctl says on stderr', async () => {
    const { manager, writer } = world({ FORCE_COLOR: '1', NO_COLOR: '' });
    const a = writer('a');
    a.print('stdout', 'one\n', START);
    a.print('stderr', 'two\n', START + 1);
    a.rotate(START + 2, true);
    a.print('stdout', 'th', START + 3);
    a.print('bunctl', '2 lines are missing here\n', START + 4);
    a.print('stdout', 'ree\n', START + 5);
    const { code, stdout, stderr } = await manager.run('logs', 'A');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'one\n\u001b[31mtwo\u001b[39m\nthree\n' });
    expect(stderr).toContain('bunctl: 2 lines are missing here');
    expect((await manager.run('logs', 'a', '-l', '2')).stdout).toBe('three\n');
  });

  test('of several apps are merged by time, with their times if asked for', async () => {
    const { manager, writer } = world({ TZ: 'Asia/Tokyo' });
    const [a, b] = [writer('a'), writer('b')];
    a.print('stdout', 'a1\n', START);
    b.print('stdout', 'b1\n', START + 50);
    a.print('stdout', 'a2\n', START + 1000);
    expect((await manager.run('logs')).stdout).toBe('[a] a1\n[b] b1\n[a] a2\n');
    expect((await manager.run('logs', 'all', '-t', '--since', '2000-01-01')).stdout).toBe(
      '2026-11-27 11:00:00.000 [a] a1\n2026-11-27 11:00:00.050 [b] b1\n2026-11-27 11:00:01.000 [a] a2\n',
    );
    expect((await manager.run('logs', 'b', '-t')).stdout).toBe('2026-11-27 11:00:00.050 b1\n');
  });

  test('are chosen by time, text and stream, alone and together', async () => {
    const { manager, writer } = world();
    const a = writer('a');
    for (let n = 0; n < 60; n += 1)
      a.print(
        n % 2 === 0 ? 'stdout' : 'stderr',
        `${n % 3 === 0 ? 'error' : 'fine'} ${n}\n`,
        START + n * 1000,
      );
    const numbers = async (...args: string[]): Promise<number[]> =>
      (await manager.run('logs', 'a', ...args)).stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => Number(line.split(' ')[1]));
    expect(await numbers()).toEqual(Array.from({ length: 20 }, (_, n) => 40 + n));
    expect(await numbers('--since', '2026-11-27T02:00:30Z')).toHaveLength(30);
    expect(await numbers('--since', '2026-11-27T02:00:30Z', '-l', '2')).toEqual([58, 59]);
    expect(await numbers('--until', '2026-11-27 02:00:05', '-l', '3')).toEqual([3, 4, 5]);
    expect(await numbers('--grep', '^err.r', '-l', '3')).toEqual([51, 54, 57]);
    expect(await numbers('--stream', 'stderr', '--grep', 'error', '--until', '2026-11-27T02:00:20Z')).toEqual(
      [3, 9, 15],
    );
  });

  test('as JSON have both streams apart and together', async () => {
    const { manager, writer } = world();
    const a = writer('a');
    a.print('stderr', 'bad\n', START);
    a.print('stdout', 'good\nbetter\n', START + 1);
    const { stdout } = await manager.run('logs', 'a', '-j', '-l', '2');
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'single',
      app: 'a',
      logs: {
        output: ['good', 'better'],
        errors: ['bad'],
        generations: { stdout: 0, stderr: 0 },
        lines: [
          { time: START + 1, stream: 'stdout', line: 'good' },
          { time: START + 1, stream: 'stdout', line: 'better' },
        ],
      },
    });
  });

  test.each<[string[], string]>([
    [['--since', 'yesteryear'], 'how long ago it was'],
    [['--since', '25:00'], '"25:00" is not one'],
    [['--until', '2026-13-45'], '--until needs a time'],
    [['--since', '1h', '--until', '2h'], '--since is after --until'],
    [['--grep', '('], 'is not one'],
    [['--stream', 'both'], 'stdout or stderr'],
  ])('refuse %j', async (args, why) => {
    const { code, stderr } = await world().manager.run('logs', 'a', ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(why);
  });
});

describe('logs -f', () => {
  test('needs no daemon: it follows files across rotation, with filters, as JSON too', async () => {
    const { manager, writer } = world();
    const a = writer('a');
    a.print('stdout', 'error 0\n', START);
    const [plain, json] = [follow(manager, 'a', '--grep', 'error'), follow(manager, 'a', '-l', '0', '-j')];
    await until(() => plain.text.out !== '' && json.text.out !== '', 'both follow');
    for (let n = 1; n < 30; n += 1) {
      a.print('stdout', `fine ${n}\nerror ${n}\n`, START + n);
      a.rotate(START + n, n % 2 === 0);
    }
    await until(
      () => plain.text.out.includes('error 29\n') && json.text.out.includes('error 29'),
      'the last line',
    );
    expect(plain.text.out).toBe(Array.from({ length: 30 }, (_, n) => `error ${n}\n`).join(''));
    const [initial, ...events] = json.text.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: object });
    expect(initial).toMatchObject({ type: 'initial', logs: { type: 'single', logs: { lines: [] } } });
    expect(events).toHaveLength(58);
    expect(events[0]?.event).toMatchObject({ app: 'a', stream: 'stdout', line: 'fine 1', time: START + 1 });
  });

  test('ends, and says why, when a log cannot be read', async () => {
    const { manager, logs, writer } = world();
    writer('a').print('stdout', 'one\n', START);
    mkdirSync(join(logs, 'b.all.log', 'in a folder'), { recursive: true });
    const { child, text } = follow(manager);
    await until(() => child.exitCode !== null, 'it has ended');
    expect(child.exitCode).toBe(1);
    expect(text.err).toMatch(/Error: The log files in .* cannot be read: EISDIR/);
  });

  test('ends by itself when the time that is wanted is over', async () => {
    const { manager, writer } = world();
    writer('a').print('stdout', 'one\n', START);
    const { code, stdout } = await manager.run('logs', 'a', '-f', '--until', '2026-11-27T02:00:30Z');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'one\n' });
  });

  test('goes on when the daemon ends, and says so', async () => {
    const { manager, logs } = world();
    await manager.ok('start', 'a', '--', ...LASTS);
    const { child, text } = follow(manager, 'a');
    const a = new LogWriter(join(logs, 'a.all.log'));
    a.print('stdout', 'with a daemon\n', Date.now());
    await until(() => text.out === 'with a daemon\n', 'the first line');
    await manager.ok('shutdown');
    await until(() => text.err.includes('The daemon has gone'), 'it says so');
    a.print('stdout', 'without\n', Date.now());
    await until(() => text.out === 'with a daemon\nwithout\n', 'the second line');
    child.kill('SIGINT');
    await once(child, 'close');
  });

  test('of all apps has a new app, and no history of an app that was deleted', async () => {
    const { manager, logs, writer } = world();
    const gone = writer('gone');
    gone.print('stdout', 'long ago\n', START);
    await manager.ok('start', 'a', '--', ...LASTS);
    const { text } = follow(manager);
    await until(() => readdirSync(logs).length > 1, 'the app has files');
    new LogWriter(join(logs, 'a.all.log')).print('stdout', 'first\n', Date.now());
    await until(() => text.out === '[a] first\n', 'the line of the app');
    writeFileSync(join(logs, 'new.out.log'), 'second\n');
    await until(() => text.out === '[a] first\n[new] second\n', 'the line of the new app');
    gone.print('stdout', 'started again\n', Date.now());
    await until(() => text.out.endsWith('[gone] started again\n'), 'the line of the app that was deleted');
    expect(text.out).toBe('[a] first\n[new] second\n[gone] started again\n');
  });
});
