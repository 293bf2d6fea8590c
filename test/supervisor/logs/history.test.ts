// What a log holds, over all its files: the last lines, the lines of a time, whatever interrupted them.
import { createHook } from 'node:async_hooks';
import { ftruncateSync, mkdirSync, openSync, closeSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type AppLog,
  allLines,
  openAppLogs,
  recentLines,
  type Wanted,
} from '#dist/supervisor/logs/app-log.js';
import type { LogLine } from '#dist/supervisor/logs/log-line.js';
import { mergeByTime } from '#dist/supervisor/logs/merge.js';
import { recordHeader } from '#dist/supervisor/logs/record.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { LogWriter } from '../../support/log-writer.js';
import { property } from '../../support/property.js';

const MIB = 1024 * 1024;
const START = Date.parse('2026-11-27T02:00:00.000Z');

async function opened(state: string, id = 'a'): Promise<AppLog> {
  const [log] = await openAppLogs(state, [id]);
  onTestFinished(() => log?.close());
  return log as AppLog;
}

const last = async (state: string, count: number, wanted: Wanted = {}): Promise<string[]> =>
  (await recentLines(await opened(state), count, wanted, 64 * MIB)).lines.map(({ text }) => text);

async function all(state: string, wanted: Wanted = {}, block?: number): Promise<LogLine[]> {
  const lines = [];
  for await (const some of allLines(await opened(state), wanted, block)) lines.push(...some);
  return lines;
}

const path = (state: string, name = 'a.all.log'): string => join(state, 'logs', name);

function written(text: string, name?: string): string {
  const state = temporaryDirectory();
  mkdirSync(join(state, 'logs'));
  writeFileSync(path(state, name), text);
  return state;
}

const source = fc.constantFrom('stdout' as const, 'stderr' as const);
const piece = fc.oneof(
  fc.constantFrom(
    '\n',
    'error\n',
    'abc',
    '',
    'a line\nanother\n',
    'x\n\n',
    '2026-11-27T02:10:11.123Z out fake\n',
  ),
  fc.nat(90_000).map((length) => `${'y'.repeat(length)}\n`),
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ source, text: piece, wait: fc.nat(900) }) },
  { weight: 1, arbitrary: fc.record({ compressed: fc.boolean(), wait: fc.nat(900) }) },
);

describe('the history of a log', () => {
  property([fc.array(step, { maxLength: 40 }), fc.nat(40), fc.nat(12_000), fc.nat(20_000), fc.boolean()], {
    numRuns: 40,
  })(
    'is what was printed, over all files, and so is each part of it',
    async (steps, count, from, to, some) => {
      const state = temporaryDirectory();
      const writer = new LogWriter(path(state));
      let time = START;
      for (const { wait, ...what } of steps) {
        time += 1 + wait;
        if ('compressed' in what) writer.rotate(time, what.compressed);
        else writer.print(what.source, what.text, time);
      }
      const printed = writer.lines;
      const shape = (lines: readonly { time: number | null; source: string; text: string }[]) =>
        lines.map((line) => [line.time, line.source, line.text]);
      expect(shape(await all(state))).toEqual(shape(printed));
      expect(shape(await all(state, {}, 2048))).toEqual(shape(printed));
      const log = await opened(state);
      const recent = async (wanted: Wanted) => shape((await recentLines(log, count, wanted, 64 * MIB)).lines);
      const newest = <T>(lines: readonly T[]): readonly T[] => (count === 0 ? [] : lines.slice(-count));
      expect(await recent({})).toEqual(newest(shape(printed)));
      const range = { since: START + from, ...(some ? { until: START + to } : {}) };
      const within = shape(
        printed.filter((line) => line.time >= range.since && line.time <= (range.until ?? Infinity)),
      );
      expect(shape(await all(state, range))).toEqual(within);
      expect(await recent(range)).toEqual(newest(within));
      const errors = printed.filter((line) => line.source === 'stderr' && line.text.includes('o'));
      const wanted: Wanted = { stream: 'stderr', passes: (text) => text.includes('o') };
      expect(await recent(wanted)).toEqual(newest(shape(errors)));
    },
  );

  test('has lines without a time where they stand, and those of bunctl', async () => {
    const records = [
      'not a record',
      `${recordHeader(START, 'stdout')}one`,
      'a stack trace',
      `${recordHeader(START + 5000, 'bunctl')}3 lines are missing here`,
      `${recordHeader(START + 6000, 'stderr')}unfinished`,
    ];
    const state = written(records.join('\n'));
    const texts = ['not a record', 'one', 'a stack trace', '3 lines are missing here', 'unfinished'];
    expect(await last(state, 10)).toEqual(texts);
    expect((await all(state)).map(({ time, source: from }) => [time, from])).toEqual([
      [null, 'stdout'],
      [START, 'stdout'],
      [null, 'stdout'],
      [START + 5000, 'bunctl'],
      [START + 6000, 'stderr'],
    ]);
    // They belong to the line before them.
    expect(await last(state, 10, { until: START + 4000 })).toEqual(texts.slice(0, 3));
    expect(await last(state, 10, { since: START + 4000 })).toEqual(texts.slice(3));
    expect(await last(state, 10, { stream: 'stderr' })).toEqual(texts.slice(3));
  });

  test('leaves out the rest of a line whose beginning is before the time, and shows one whose beginning is gone', async () => {
    const late = START + 3_600_000;
    const filler = `${recordHeader(START, 'stderr')}${'z'.repeat(999)}\n`.repeat(1000);
    const text = `${recordHeader(START, 'stdout', true)}rest\n${recordHeader(START, 'stdout')}begun\n${filler}${recordHeader(late, 'stdout', true)}ended\n${recordHeader(late, 'stdout')}whole\n`;
    const state = written(text);
    expect((await all(state, { since: late })).map((line) => line.text)).toEqual(['whole']);
    expect(
      (await all(state, { stream: 'stdout', passes: (line) => !line.startsWith('z') })).at(0)?.text,
    ).toBe('rest');
    expect(await last(state, 3, { passes: (line) => !line.startsWith('z') })).toEqual([
      'rest',
      'begunended',
      'whole',
    ]);
  });

  test('of plain files is the last lines of stdout, then of stderr; before an upgrade they come first', async () => {
    const state = written('1\n2\n3\n', 'a.out.log');
    writeFileSync(path(state, 'a.out.log.20261127T010000.000Z'), 'older 1\nolder 2\n');
    writeFileSync(path(state, 'a.err.log'), 'e1\ne2\n');
    expect(await last(state, 2)).toEqual(['2', '3', 'e1', 'e2']);
    expect(await last(state, 4)).toEqual(['older 2', '1', '2', '3', 'e1', 'e2']);
    expect(await last(state, 2, { stream: 'stderr' })).toEqual(['e1', 'e2']);
    new LogWriter(path(state)).print('stdout', 'new\n', Date.now() + 1000);
    expect(await last(state, 2)).toEqual(['3', 'e2', 'new']);
    expect((await all(state)).map(({ text }) => text)).toEqual([
      'older 1',
      'older 2',
      '1',
      '2',
      '3',
      'e1',
      'e2',
      'new',
    ]);
  });

  test('that is not there is empty, and a damaged compressed file costs only what is damaged', async () => {
    const state = temporaryDirectory();
    expect([await last(state, 5), await all(state)]).toEqual([[], []]);
    const writer = new LogWriter(path(state));
    writer.print('stdout', 'one\n', START);
    writer.rotate(START + 1, true);
    writer.print('stdout', 'two\n', START + 2);
    const zipped = join(state, 'logs', 'a.all.log.20261127T020000.001Z.gz');
    const fd = openSync(zipped, 'r+');
    ftruncateSync(fd, statSync(zipped).size - 6);
    closeSync(fd);
    expect((await last(state, 5)).at(-1)).toBe('two');
    writeFileSync(zipped, 'not compressed at all');
    expect(await last(state, 5)).toEqual(['two']);
  });

  test('of a huge file is read where it is wanted, not from its beginning', async () => {
    const state = written('');
    // The texts are holes of the file, which read as zeros; all of it could not be read in time.
    const EVERY = 900 * 1024;
    const COUNT = 16 * 1024;
    const fd = openSync(path(state), 'r+');
    for (let n = 0; n < COUNT; n += 1)
      writeSync(fd, `\n${recordHeader(START + n * 10_000, 'stdout')}line ${n} `, n * EVERY);
    ftruncateSync(fd, COUNT * EVERY + 100_000);
    closeSync(fd);
    const numbers = (lines: readonly string[]): number[] => lines.map((text) => Number(text.split(' ')[1]));
    expect(numbers(await last(state, 2))).toEqual([COUNT - 2, COUNT - 1]);
    const range = { since: START + 9_000_000, until: START + 9_020_000 };
    expect(numbers((await all(state, range)).map(({ text }) => text))).toEqual([900, 901, 902]);
    expect(numbers(await last(state, 2, range))).toEqual([901, 902]);
    const newest = { since: START + (COUNT - 1) * 10_000 };
    expect(numbers((await all(state, newest)).map(({ text }) => text))).toEqual([COUNT - 1]);
  });

  test('holds no more than it may: what does not fit is told', async () => {
    const state = written(`${recordHeader(START, 'stdout')}${'x'.repeat(999)}\n`.repeat(3000));
    const log = await opened(state);
    const { lines, cut } = await recentLines(log, 5000, {}, MIB);
    expect(cut).toBe(true);
    expect(lines.length).toBeGreaterThan(1000);
    expect(lines.length).toBeLessThan(1100);
    expect((await recentLines(log, 5000, {}, 64 * MIB)).cut).toBe(false);
  });

  test('counts short lines as more than their text, since each takes memory', async () => {
    const state = written(`${recordHeader(START, 'stdout')}\n`.repeat(200_000));
    const { lines, cut } = await recentLines(await opened(state), 1e9, {}, MIB);
    expect(cut).toBe(true);
    expect(lines.length).toBeGreaterThan(10_000);
    expect(lines.length).toBeLessThan(100_000);
  });
});

describe('several logs', () => {
  property([fc.array(fc.array(fc.array(fc.nat(50), { maxLength: 5 }), { maxLength: 5 }), { maxLength: 5 })])(
    'are merged by time, each in its own order',
    async (apps) => {
      const sorted = apps.map((batches) => {
        const times = batches.flat().sort((a, b) => a - b);
        let at = 0;
        return batches.map(({ length }) => times.slice(at, (at += length)));
      });
      const line = (at: number): LogLine => ({
        time: at,
        at,
        source: 'stdout',
        text: '',
        end: 0,
        generation: 0,
      });
      const sources = sorted.map((batches, index) => ({
        app: String(index),
        batches: (async function* () {
          for (const batch of batches) yield await Promise.resolve(batch.map(line));
        })(),
      }));
      const merged: number[] = [];
      for await (const { lines } of mergeByTime(sources)) merged.push(...lines.map(({ at }) => at));
      expect(merged).toEqual(sorted.flat(2).sort((a, b) => a - b));
    },
  );

  test('are merged with work that hardly grows with their number', async () => {
    const APPS = 500;
    const EACH = 4;
    const looks = { atTimes: 0, promises: 0 };
    const line = (at: number): LogLine => ({
      time: at,
      get at() {
        looks.atTimes += 1;
        return at;
      },
      source: 'stdout',
      text: String(at),
      end: 0,
      generation: 0,
    });
    // Each line of an app comes between lines of the others.
    const sources = Array.from({ length: APPS }, (_, app) => ({
      app: String(app),
      batches: (async function* () {
        yield Array.from({ length: EACH }, (__, n) => line(n * APPS + app));
      })(),
    }));
    const counting = createHook({
      init: (_, type) => {
        if (type === 'PROMISE') looks.promises += 1;
      },
    });
    const merged: number[] = [];
    counting.enable();
    try {
      for await (const { lines } of mergeByTime(sources))
        merged.push(...lines.map(({ text }) => Number(text)));
    } finally {
      counting.disable();
    }
    expect(merged).toEqual(Array.from({ length: APPS * EACH }, (_, n) => n));
    // A line is compared with 9 others to find its place among 500.
    expect(looks.atTimes / merged.length).toBeLessThan(60);
    expect(looks.promises / merged.length).toBeLessThan(60);
  });
});
