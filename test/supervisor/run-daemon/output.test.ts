// The output of apps: in their own files, sent to subscribers, and never lost.
import {
  appendFileSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { IpcClient } from 'bunctl-ipc';
import { describe, expect, test } from 'vitest';
import { sharedManager, start, startProgram, statusOf } from '../../support/manager.js';
import { filesHaveModes, hasFifos, hasFullDevice } from '../../support/platform.js';
import { either, LASTS } from '../../support/programs.js';
import { until } from '../../support/until.js';

/** How long, in ns, this process may be held up and still counts as a subscriber that reads. */
const HELD_UP = 200_000_000;

interface Line {
  readonly line: string;
  readonly end: number;
  readonly generation: number;
}

interface Answer {
  readonly output: readonly string[];
  readonly ends: { readonly stdout: number };
  readonly generations: { readonly stdout: number };
}

async function answerOf(client: IpcClient, name: string): Promise<Answer> {
  const answer = await client.request({ Logs: { name, lines: 1000 } });
  return (answer as { Data: { data: { logs: Answer } } }).Data.data.logs;
}

/** Whether an answer has this line of an event, by their pairs of numbers. */
function isWithin({ ends, generations }: Answer, { end, generation }: Line): boolean {
  return generation < generations.stdout || (generation === generations.stdout && end <= ends.stdout);
}

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

  test.runIf(hasFifos).each(['stamped', 'raw'])(
    'whose log is emptied: what it prints then is beyond every answer from before: %s',
    async (format) => {
      const client = await manager.daemon();
      const other = await manager.connect();
      const name = `emptied-${format}`;
      const go = join(manager.home, name);
      const events = client.subscribe({ LogEvents: { app_name: name } });
      await events.ready;
      const script = `echo before, and longer than after; while [ ! -e ${go} ]; do sleep 0.02; done; echo after; sleep 1000`;
      await other.request(start(name, script, { log_format: format }));
      const first = (await events.next()).value?.data as Line;
      const before = await answerOf(other, name);
      expect(isWithin(before, first)).toBe(true);
      await other.request({ Logs: { name, lines: 0, flush: true } });
      const emptied = await answerOf(other, name);
      expect(emptied.output).toEqual([]);
      // It was printed before.
      expect(isWithin(emptied, first)).toBe(true);
      writeFileSync(go, '');
      const after = (await events.next()).value?.data as Line;
      expect(after.line).toBe('after');
      expect([isWithin(before, after), isWithin(emptied, after)]).toEqual([false, false]);
      const last = await answerOf(other, name);
      expect(last.output).toEqual(['after']);
      expect(isWithin(last, after)).toBe(true);
    },
  );

  test.runIf(hasFifos)(
    'that keeps no file that was put aside: no line is in an answer and in an event beyond it',
    async () => {
      const client = await manager.daemon();
      const other = await manager.connect();
      const events = client.subscribe({ LogEvents: { app_name: 'short-log' } });
      await events.ready;
      const script = 'for n in $(seq 1 100); do echo $n; sleep 0.01; done; sleep 1000';
      await other.request(start('short-log', script, { log_max_size: 500, log_max_files: 0 }));
      const answers: Answer[] = [];
      const lines: Line[] = [];
      for (let n = 1; n <= 100; n += 1) {
        lines.push((await events.next()).value?.data as Line);
        if (n % 5 === 0) answers.push(await answerOf(other, 'short-log'));
      }
      expect(lines.map(({ line }) => line)).toEqual(Array.from({ length: 100 }, (_, n) => String(n + 1)));
      for (const answer of answers) {
        const beyond = lines.filter((line) => !isWithin(answer, line)).map(({ line }) => line);
        expect(answer.output.filter((line) => beyond.includes(line))).toEqual([]);
        // What is beyond follows on what the answer has.
        expect(beyond[0]).toBe(beyond.length === 0 ? undefined : String(Number(answer.output.at(-1)) + 1));
      }
    },
  );

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
