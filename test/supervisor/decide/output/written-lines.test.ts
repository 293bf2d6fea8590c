// Lines from the pieces of a log, as they become events.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WrittenLines } from '#dist/supervisor/decide/output/written-lines.js';
import { AppLog } from '#dist/supervisor/keeper/app-log.js';
import { LineFeed } from '#dist/supervisor/keeper/line-feed.js';
import { recordHeader } from '#dist/supervisor/logs/record.js';
import type { LogSettings, Written } from '#dist/supervisor/model/keeper-messages.js';
import { stateFiles, type Stream } from '#dist/supervisor/state/paths.js';
import { temporaryDirectory } from '../../../support/daemon.js';

const TIME = Date.UTC(2026, 10, 27);
const piece = (text: string, end: number, skipped = 0): Written => ({
  id: 'a',
  stream: null,
  text,
  end,
  generation: 0,
  begins: false,
  gap: skipped > 0,
  skipped,
});

test('each line is handed on once, with its end, however the text is cut', () => {
  const text = [
    `${recordHeader(TIME, 'stdout')}one\n`,
    `${recordHeader(TIME, 'stderr')}two\r\n`,
    `${recordHeader(TIME, 'stdout')}\n`,
    `${recordHeader(TIME, 'stdout', true)}rest\n`,
    `${recordHeader(TIME, 'bunctl')}said\n`,
  ].join('');
  fc.assert(
    // The keeper cuts behind a header, never in it.
    fc.property(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 }), (counts) => {
      const lines = new WrittenLines();
      const parts = text.split(/(?<=\n|Z out |Z err )/);
      const got = [];
      let end = 0;
      for (let at = 0, turn = 0; at < parts.length; turn += 1) {
        const taken = parts.slice(at, (at += counts[turn] ?? 1)).join('');
        end += taken.length;
        const { lines: some, skipped } = lines.take(piece(taken, end));
        expect(skipped).toBe(0);
        got.push(...some);
      }
      expect(got.map(({ stream, line, continued }) => [stream, line, continued])).toEqual([
        ['stdout', 'one', false],
        ['stderr', 'two', false],
        ['stdout', '', false],
        ['stdout', 'rest', true],
        ['stderr', 'bunctl: said', false],
      ]);
      let at = 0;
      for (const each of got) expect(each.end).toBe((at = text.indexOf('\n', at) + 1));
    }),
  );
});

test('a line whose beginning was skipped is counted, and the next one is handed on', () => {
  const lines = new WrittenLines();
  lines.take(piece(`${recordHeader(TIME, 'stdout')}begun`, 34));
  const next = `the end of another\n${recordHeader(TIME, 'stdout')}whole\n`;
  const { lines: got, skipped } = lines.take(piece(next, 100, 2));
  expect(skipped).toBe(3);
  expect(got.map(({ line, end }) => [line, end])).toEqual([['whole', 100]]);
});

/** The log of an app, and what becomes of it in the supervisor; `ready` says whether that reads. */
function written(format: LogSettings['format']) {
  const directory = temporaryDirectory();
  const files = stateFiles(directory);
  mkdirSync(files.logs);
  const settings = { maxSize: 0, maxFiles: 3, rotateEvery: 0, compress: false, maxLines: 0, owner: null };
  const made = { ready: true, skipped: 0, lines: [] as ReturnType<WrittenLines['take']>['lines'] };
  const lines = new WrittenLines();
  const feed = new LineFeed();
  feed.target = {
    ready: () => made.ready,
    send: (each) => {
      const taken = lines.take(each);
      made.lines.push(...taken.lines);
      made.skipped += taken.skipped;
    },
  };
  const log = new AppLog('a', { format, ...settings }, files, {
    onWritten: (each) => feed.take(each),
    onLost: (stream, lost) => feed.skip('a', stream, lost),
    onAside: () => undefined,
    onFault: () => undefined,
  });
  const close = (): void => {
    log.close();
    rmSync(directory, { recursive: true });
  };
  return { log, made, close, paths: Object.values(files.streamLogs('a', format === 'raw')) };
}

const STREAMS = ['stdout', 'stderr'] as const;
const streams = fc.constantFrom(...STREAMS);
const words = fc.array(fc.constantFrom('word', '\n'), { minLength: 1, maxLength: 4 });
const print = fc.record({ what: fc.constant('print' as const), stream: streams, words });

/** Each word is another one, so that each line is known by its text. */
function printer(log: AppLog) {
  const printed = { stdout: '', stderr: '' };
  let count = 0;
  const take = (stream: Stream, parts: readonly string[]): void => {
    const text = parts.map((part) => (part === 'word' ? `${(count += 1)};` : part)).join('');
    log.take(stream, text);
    printed[stream] += text;
  };
  return { printed, take };
}

test.each(['stamped', 'raw'] as const)(
  'each text is handed on once, also when its file is emptied, removed or begun anew within a line: %s',
  (format) => {
    const others = (['flush', 'remove', 'empty', 'run'] as const).map((what) =>
      fc.record({ what: fc.constant(what) }),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(print, ...others), { maxLength: 20 }), (steps) => {
        const { log, made, close, paths } = written(format);
        const { printed, take } = printer(log);
        const run = (): void => {
          log.newRun();
          // A line of the run before is ended.
          for (const stream of STREAMS) printed[stream] = printed[stream].replace(/[^\n]$/, '$&\n');
        };
        for (const step of steps) {
          if (step.what === 'print') take(step.stream, step.words);
          else if (step.what === 'flush') log.flush();
          else if (step.what === 'run') run();
          else
            for (const path of paths)
              if (step.what === 'remove') rmSync(path, { force: true });
              else writeFileSync(path, '');
        }
        run();
        for (const stream of STREAMS) take(stream, ['last', '\n']);
        for (const stream of STREAMS) {
          let told = '';
          for (const { stream: of, line, continued } of made.lines)
            if (of === stream) told = (continued ? told.replace(/\n$/, '') : told) + `${line}\n`;
          // A line that has no end in the log is told with one.
          expect(told).toBe(printed[stream]);
        }
        expect(made.skipped).toBe(0);
        close();
      }),
      { numRuns: 200 },
    );
  },
);

test('each line of a raw log is handed on whole or counted, whichever pieces are not sent', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const ready = fc.record({ what: fc.constant('ready' as const), ready: fc.boolean(), told: fc.boolean() });
  fc.assert(
    fc.property(fc.array(fc.oneof(print, ready), { maxLength: 30 }), (steps) => {
      const { log, made, close } = written('raw');
      const { printed, take } = printer(log);
      for (const step of steps) {
        if (step.what === 'print') take(step.stream, step.words);
        else made.ready = step.ready;
        if (step.what === 'ready' && step.told) vi.advanceTimersByTime(1000);
      }
      made.ready = true;
      for (const stream of STREAMS) take(stream, ['\n']);
      vi.advanceTimersByTime(1000);
      const all = STREAMS.flatMap((stream) => printed[stream].split('\n').slice(0, -1));
      for (const { line } of made.lines) expect(all).toContain(line);
      expect(made.lines.length + made.skipped).toBe(all.length);
      close();
    }),
    { numRuns: 200 },
  );
});

test('a line whose middle has no line end and was not sent is counted', () => {
  const { log, made, close } = written('raw');
  log.take('stdout', 'begun ');
  made.ready = false;
  log.take('stdout', 'and gone on ');
  made.ready = true;
  log.take('stdout', 'and ended\nnext\n');
  expect(made.lines.map(({ line }) => line)).toEqual(['next']);
  expect(made.skipped).toBe(1);
  close();
});

test('a raw line without an end is handed on in pieces, between characters', () => {
  const lines = new WrittenLines();
  const text = Buffer.from('ü'.repeat(50 * 64 * 1024)).toString('latin1');
  const told = [];
  const raw = { ...piece('', 0), stream: 'stdout' as const };
  // The first cut is within a character.
  for (let at = 0; at < text.length; at += 64 * 1024 - 1) {
    const part = text.slice(at, at + 64 * 1024 - 1);
    const taken = lines.take({ ...raw, text: part, end: at + part.length });
    expect(taken.skipped).toBe(0);
    told.push(...taken.lines);
  }
  expect(told.length).toBeGreaterThan(15);
  expect(told.map(({ continued }) => continued)).toEqual(told.map((_, index) => index > 0));
  for (const { line } of told) expect(Buffer.byteLength(line)).toBeLessThan(400 * 1024);
  let end = 0;
  for (const each of told) expect(each.end).toBe((end += Buffer.byteLength(each.line)));
  told.push(...lines.take({ ...raw, text: '\r\n', end: text.length + 2 }).lines);
  expect(told.map(({ line }) => line).join('')).toBe('ü'.repeat(50 * 64 * 1024));
});

test('a line goes on after the keeper has ended if nothing of its file is missing', () => {
  const take = (end: number): object => {
    const lines = new WrittenLines();
    const raw = { ...piece('begun ', 6), stream: 'stdout' as const };
    lines.take(raw);
    lines.interrupt();
    const { lines: told, skipped } = lines.take({ ...raw, text: 'ended\n', end });
    return { told: told.map(({ line }) => line), skipped };
  };
  expect(take(12)).toEqual({ told: ['begun ended'], skipped: 0 });
  expect(take(20)).toEqual({ told: [], skipped: 1 });
});
