// `logs`: every line that was asked for once, whose it is, and what is said when some are missing.
import type { IpcConnection } from 'bunctl-ipc';
import { describe, expect, test } from 'vitest';
import { Manager } from '../../support/manager.js';
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
    const { name } = message.Logs;
    if (name !== null && !logs[name]) return refusal(`App ${name} not found`);
    await connection.send(
      data(
        name === null
          ? { type: 'all', apps: Object.entries(logs) }
          : { type: 'single', app: name, logs: logs[name] },
        itself(),
      ),
    );
    if (name !== null && name !== Object.keys(logs).at(-1)) return undefined;
    for (const line of lines)
      await connection.send({
        Event: { event_type: 'log_line', data: { app: 'a', stream: 'stdout', ...line } },
      });
    if (lines.length > 0) await connection.close();
    return undefined;
  };

const printed = (output: readonly string[], more: object = {}) => ({ output, errors: [], ...more });

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
    expect(stderr).toMatch(/Only the last 2 lines .*all of them are in \/state\/logs\/cut\.out\.log/);
  });

  test('of an app that was deleted are read from its files, and that is said', async () => {
    const manager = new Manager();
    await manager.ok('start', 'a', '--', 'sh', '-c', 'echo out; sleep 1000');
    await until(async () => (await manager.ok('logs', 'a')) === 'out\n', 'it has printed');
    await manager.ok('delete', 'a', '-f');
    const { code, stdout, stderr } = await manager.run('logs', 'a');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'out\n' });
    expect(stderr).toContain('There is no app a any more');
    expect((await manager.run('logs', 'nobody')).code).toBe(3);
    expect((await manager.run('logs', 'a', '-f')).code).toBe(3);
  });
});
