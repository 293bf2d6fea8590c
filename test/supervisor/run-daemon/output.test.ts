// The output of apps: in their own files, sent to subscribers, and never lost.
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, test } from 'vitest';
import { sharedManager, start, startProgram, statusOf } from '../../support/manager.js';
import { filesHaveModes, hasFifos, hasFullDevice } from '../../support/platform.js';
import { either, LASTS } from '../../support/programs.js';
import { until } from '../../support/until.js';

/** How long, in ns, this process may be held up and still counts as a subscriber that reads. */
const HELD_UP = 200_000_000;

describe('an app', () => {
  const manager = sharedManager();

  test.runIf(hasFifos)(
    'that prints lives on, and its lines are sent and kept, each in its stream',
    async () => {
      const client = await manager.daemon();
      const events = client.subscribe({ LogEvents: { app_name: 'a' } });
      await events.ready;
      await client.request(start('a', 'echo out; echo err >&2; sleep 1000'));
      const two = [(await events.next()).value?.data, (await events.next()).value?.data];
      const generation = expect.any(Number) as number;
      const n = expect.any(Number) as number;
      expect(two).toContainEqual({ app: 'a', stream: 'stdout', line: 'out', end: n, generation, time: n });
      expect(two).toContainEqual({ app: 'a', stream: 'stderr', line: 'err', end: n, generation, time: n });
      const told = (two[0] as { generation: number }).generation;
      const logs = { output: ['out'], errors: ['err'], generations: { stdout: told, stderr: told } };
      expect(await client.request({ Logs: { name: 'a', lines: 5 } })).toMatchObject({
        Data: { data: { type: 'single', app: 'a', logs } },
      });
      expect((await statusOf(client, 'a')).state).toBe('Running');
    },
  );

  test.runIf(filesHaveModes)(
    'keeps its earlier output over a restart, and only the owner can read its files',
    async () => {
      const client = await manager.daemon();
      await client.request(start('a', 'echo line; sleep 1000'));
      await until(() => manager.printed('a') === 'line\n', 'it has printed');
      await client.request({ Restart: { name: 'a' } });
      await until(() => manager.printed('a') === 'line\nline\n', 'it has printed again');
      const mode = (...path: string[]): string =>
        (statSync(join(manager.state, ...path)).mode & 0o777).toString(8);
      expect([mode(), mode('apps'), mode('logs'), mode('pipes')]).toEqual(['700', '700', '700', '700']);
      const files = [mode('apps', 'a.json'), mode('logs', 'a.all.log'), mode('pipes', 'a.out')];
      expect([...files, mode('daemon.log'), mode('socket')]).toEqual(Array<string>(5).fill('600'));
    },
  );

  test('whose logs are larger than an answer: the answer has as many of the last lines as fit', async () => {
    const client = await manager.daemon();
    await client.request(startProgram('a', LASTS));
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
    const client = await manager.daemon();
    const LINES = 50_000;
    const events = client.subscribe({ LogEvents: { app_name: 'flood' } });
    await events.ready;
    // On a separate connection: a client that waits for an answer keeps reading, and drops events that are not taken.
    const other = await manager.connect();
    const delay = monitorEventLoopDelay({ resolution: 10 });
    delay.enable();
    const flood = either(
      `seq 1 ${LINES}; sleep 1000`,
      `console.log(Array.from({ length: ${LINES} }, (_, n) => n + 1).join('\\n')); untilAsked();`,
    );
    await other.request(startProgram('flood', flood));
    let missed = 0;
    for (let n = 1; n <= LINES;) {
      const { value } = await events.next();
      const { line, dropped = 0 } = (value?.data ?? {}) as { line?: string; dropped?: number };
      if (dropped === 0 && line !== String(n)) throw new Error(`${JSON.stringify(value)} instead of ${n}`);
      missed += dropped;
      n += dropped || 1;
    }
    delay.disable();
    expect(events.dropped).toBe(missed);
    // A reader that the machine holds up does not read, and is told how many lines it missed.
    if (delay.max < HELD_UP) expect(missed).toBe(0);
    expect(manager.printed('flood').trimEnd().split('\n')).toEqual(
      Array.from({ length: LINES }, (_, n) => String(n + 1)),
    );
  });

  test.runIf(hasFullDevice)('whose log is on a full disk goes on, and so does the daemon', async () => {
    const client = await manager.daemon();
    symlinkSync('/dev/full', join(manager.state, 'logs', 'full.all.log'));
    const rounds = join(manager.home, 'rounds');
    await client.request(
      start('full', `while :; do echo lost 2>/dev/null; echo >> ${rounds}; sleep 0.05; done`),
    );
    await until(() => existsSync(rounds) && statSync(rounds).size >= 4, 'it has printed several times');
    expect((await statusOf(client, 'full')).state).toBe('Running');
    expect(await client.request({ Logs: { name: 'full', lines: 5 } })).toHaveProperty('Data');
  });

  test.runIf(hasFullDevice)(
    'that has ended while the disk was full: its log says what is missing when there is room',
    async () => {
      const client = await manager.daemon();
      const log = join(manager.state, 'logs', 'short.all.log');
      symlinkSync('/dev/full', log);
      await client.request(start('short', 'echo one; echo two; exit 0', { restart_policy: 'no' }));
      await until(async () => (await statusOf(client, 'short')).state === 'Stopped', 'it has ended');
      rmSync(log);
      await until(
        () =>
          existsSync(log) && readFileSync(log, 'utf8').includes('8 bytes with 2 line ends are missing here'),
        'the log says what is missing',
      );
    },
  );
});
