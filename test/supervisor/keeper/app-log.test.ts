// The log of an app as the keeper writes it: what goes in comes out, stream by stream, whatever the pieces and the files.
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { AppLog } from '#dist/supervisor/keeper/app-log.js';
import { Compressor } from '#dist/supervisor/keeper/compressor.js';
import { HEADER_LENGTH, parseHeader } from '#dist/supervisor/logs/record.js';
import { Keeper } from '#dist/supervisor/keeper/keeper.js';
import { segmentsOf } from '#dist/supervisor/logs/segments.js';
import type { LogSettings } from '#dist/supervisor/model/keeper-messages.js';
import { stateFiles, type Stream } from '#dist/supervisor/state/paths.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { filesHaveModes, hasFifos, hasFullDevice } from '../../support/platform.js';
import { until } from '../../support/until.js';

const SETTINGS: LogSettings = {
  format: 'stamped',
  maxSize: 0,
  maxFiles: 3,
  rotateEvery: 0,
  compress: false,
  maxLines: 0,
  owner: null,
};

function logIn(directory = temporaryDirectory(), more: Partial<LogSettings> = {}) {
  const files = stateFiles(directory);
  mkdirSync(files.logs, { recursive: true });
  const told = {
    written: '',
    pairs: [] as (readonly [number, number])[],
    lost: 0,
    aside: [] as string[],
    faults: [] as string[],
  };
  const settings = { ...SETTINGS, ...more };
  const log = new AppLog('a', settings, files, {
    onWritten: ({ text, end, generation }) => {
      told.written += text;
      told.pairs.push([generation, end]);
    },
    onLost: (_, lines) => (told.lost += lines),
    onAside: (path) => told.aside.push(path),
    onFault: (message) => told.faults.push(message),
  });
  return { log, directory, files, told, settings, path: files.log('a') };
}

/** The lines of all files of a log in order. */
async function linesOf(path: string): Promise<string[]> {
  const text = (await segmentsOf(path)).map((each) => {
    const bytes = readFileSync(each.path);
    return (each.compressed ? gunzipSync(bytes) : bytes).toString('latin1');
  });
  return text.join('').split('\n').slice(0, -1);
}

/** What the records of a log say that each stream printed. */
async function printedIn(path: string): Promise<Record<Stream, string>> {
  const printed = { stdout: '', stderr: '' };
  const text = [];
  for (const each of await segmentsOf(path)) text.push(readFileSync(each.path).toString('latin1'));
  const whole = text.join('');
  const interrupted: Record<Stream, boolean> = { stdout: false, stderr: false };
  for (const line of whole.split('\n')) {
    if (line === '') continue;
    const header = parseHeader(Buffer.from(line, 'latin1'));
    if (header === undefined) throw new Error(`not a record: ${JSON.stringify(line)}`);
    if (header.source === 'bunctl') continue;
    // The line that it goes on with had no end: it was only interrupted.
    if (header.continued) printed[header.source] = printed[header.source].slice(0, -1);
    printed[header.source] += `${line.slice(HEADER_LENGTH)}\n`;
    interrupted[header.source] = false;
  }
  return printed;
}

const chunk = fc.record({
  stream: fc.constantFrom<Stream>('stdout', 'stderr'),
  text: fc
    .array(fc.constantFrom('a', 'long text', '\n', '\n\n', 'ü', '2026-11-27T02:10:11.123Z out '), {
      minLength: 1,
      maxLength: 6,
    })
    .map((parts) => Buffer.from(parts.join('')).toString('latin1')),
});

/** The time stands still until it is told to go on; it is some whole second. */
function stillTime(): { goOn(ms: number): void } {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_795_000_000_000 });
  onTestFinished(() => void vi.useRealTimers());
  return { goOn: (ms) => void vi.setSystemTime(Date.now() + ms) };
}

describe('the log of an app', () => {
  test('has what each stream printed, whatever the pieces, the size of the files and the deaths of the keeper', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(chunk, { maxLength: 30 }),
        fc.constantFrom(0, 60, 200),
        fc.integer({ min: 1, max: 12 }),
        async (chunks, maxSize, lives) => {
          const { log: first, path, directory } = logIn(undefined, { maxSize, maxFiles: 1000 });
          let log = first;
          const printed = { stdout: '', stderr: '' };
          let last: Stream = 'stdout';
          for (const [at, { stream, text }] of chunks.entries()) {
            // A keeper that dies knows of one unfinished line when it comes back: the one at the end of the file.
            const bothUnfinished = Object.values(printed).every(
              (each) => each !== '' && !each.endsWith('\n'),
            );
            if (
              at % lives === 0 &&
              !bothUnfinished &&
              (printed[other(last)] === '' || printed[other(last)].endsWith('\n'))
            ) {
              log.close();
              ({ log } = logIn(directory, { maxSize, maxFiles: 1000 }));
            }
            log.take(stream, text);
            printed[stream] += text;
            last = stream;
          }
          const kept = await printedIn(path);
          for (const stream of ['stdout', 'stderr'] as const)
            // The last line may have no end; then the file does not say so for a stream that was interrupted.
            expect(kept[stream].replace(/\n$/, '')).toBe(printed[stream].replace(/\n$/, ''));
          log.close();
          rmSync(directory, { recursive: true });
        },
      ),
      { numRuns: 300 },
    );
  });

  test('shows a line as it is printed; what interrupts it goes to a line of its own, and the rest is marked', async () => {
    const { log, path } = logIn();
    log.take('stdout', 'Password: ');
    expect(readFileSync(path, 'utf8')).toMatch(/ out Password: $/);
    log.take('stderr', 'no echo\n');
    log.take('stdout', 'secret\nnext\n');
    const lines = (await linesOf(path)).map((line) => line.slice(25));
    expect(lines).toEqual(['out Password: ', 'err no echo', 'out+secret', 'out next']);
  });

  test('begins a new line for a new process', async () => {
    const { log, path } = logIn();
    log.take('stdout', 'killed within a li');
    log.newRun();
    log.take('stdout', 'up again\n');
    expect((await linesOf(path)).map((line) => line.slice(25))).toEqual([
      'out killed within a li',
      'out up again',
    ]);
  });

  test('keeps to the size and the number of its files, and cuts between lines', async () => {
    const { log, path, told } = logIn(undefined, { maxSize: 1000, maxFiles: 2 });
    for (let n = 0; n < 200; n += 1) log.take('stdout', `${n}\n`.repeat(3));
    const segments = await segmentsOf(path);
    expect(segments).toHaveLength(3);
    for (const each of segments) {
      expect(statSync(each.path).size).toBeLessThanOrEqual(1000);
      expect(readFileSync(each.path, 'utf8')).toMatch(/^2.*\n$/s);
    }
    const numbers = (await linesOf(path)).map((line) => Number(line.slice(HEADER_LENGTH)));
    const first = numbers[0] as number;
    expect(numbers.at(-1)).toBe(199);
    expect(numbers.slice(-30)).toEqual(Array.from({ length: 30 }, (_, at) => 190 + Math.floor(at / 3)));
    expect(first).toBeGreaterThan(100);
    expect(told.aside.length).toBeGreaterThan(3);
    expect(told.faults).toEqual([]);
  });

  test('ends a line that never ends, so that its file can be put aside', async () => {
    const { log, path } = logIn(undefined, { maxSize: 1024 * 1024, maxFiles: 10 });
    for (let n = 0; n < 80; n += 1) log.take('stdout', 'x'.repeat(64 * 1024));
    for (const each of await segmentsOf(path))
      expect(statSync(each.path).size).toBeLessThan(1.5 * 1024 * 1024);
    expect((await printedIn(path)).stdout.replace('\n', '')).toHaveLength(80 * 64 * 1024);
  });

  test.runIf(hasFullDevice)(
    'counts what does not fit on the disk, and says so where it is missing',
    async () => {
      const { log, path, files, told } = logIn();
      log.take('stdout', 'before\nwithin');
      // As long as the disk is full.
      rmSync(path);
      symlinkSync('/dev/full', path);
      log.take('stdout', ' a line\nlost\n');
      log.take('stderr', 'lost too\n');
      expect(told.faults.join()).toContain('no space was left on the device');
      rmSync(path);
      log.take('stdout', 'after\n');
      const sentences = (await linesOf(path)).map((line) => line.slice(25));
      expect(sentences.at(-1)).toBe('out after');
      const bytes = ' a line\nlost\nlost too\n'.length;
      expect(sentences.join('\n')).toContain(`${bytes} bytes with 3 line ends are missing here`);
      expect(told.lost).toBe(3);
      expect(readdirSync(files.logs)).toEqual(['a.all.log']);
    },
  );

  test.runIf(hasFullDevice)(
    'says what did not fit as soon as there is room, though nothing more is printed',
    () => {
      const { log, path } = logIn();
      symlinkSync('/dev/full', path);
      log.take('stdout', 'lost\n');
      log.settle();
      expect(log.owes).toBe(true);
      rmSync(path);
      log.settle();
      expect(log.owes).toBe(false);
      expect(readFileSync(path, 'utf8')).toContain('5 bytes with 1 line ends are missing here');
    },
  );

  test.runIf(hasFifos)(
    'counts what is printed while something else is in the place of its file, and says what that was',
    () => {
      const places: readonly [string, (path: string) => unknown][] = [
        ['nobody read the pipe in its place', (path) => spawnSync('mkfifo', [path])],
        ['a folder was in its place', (path) => mkdirSync(path)],
        ['a symbolic link in its place led nowhere', (path) => symlinkSync(path, path)],
        ['a folder was missing', (path) => symlinkSync(join(path, '..', 'none', 'log'), path)],
      ];
      for (const [why, put] of places) {
        const { log, path } = logIn();
        log.take('stdout', 'before\n');
        rmSync(path);
        put(path);
        log.take('stdout', 'one\n');
        log.take('stdout', 'two\n');
        rmSync(path, { recursive: true });
        log.take('stdout', 'after\n');
        const lines = readFileSync(path, 'utf8')
          .split('\n')
          .map((line) => line.slice(25));
        expect(lines).toContain(
          `log 8 bytes with 2 line ends are missing here, which could not be written: ${why}`,
        );
        expect(lines.at(-2)).toBe('out after');
      }
    },
  );

  test.runIf(hasFullDevice)('that is emptied says no more of what did not fit', () => {
    const { log, path } = logIn();
    symlinkSync('/dev/full', path);
    log.take('stdout', 'lost\n');
    rmSync(path);
    log.flush();
    expect(log.owes).toBe(false);
  });

  test.runIf(hasFullDevice)(
    'still says what did not fit when the keeper was killed meanwhile, once, and with the reason',
    () => {
      const { log, path, directory } = logIn();
      log.take('stdout', 'before\n');
      rmSync(path);
      symlinkSync('/dev/full', path);
      log.take('stdout', 'lost\n');
      // The next keeper loses something, too, and so does the third.
      logIn(directory).log.take('stderr', 'lost, too\n');
      const third = logIn(directory).log;
      rmSync(path);
      third.settle();
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
      expect(lines.at(-1)?.slice(29)).toBe(
        '15 bytes with 2 line ends are missing here, which could not be written: no space was left on the device',
      );
      const fourth = logIn(directory).log;
      fourth.settle();
      expect(fourth.owes).toBe(false);
      expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toEqual(lines);
    },
  );

  test.runIf(hasFullDevice)(
    'says what did not fit in the file where it is missing, though the format is another one by then',
    () => {
      const { log, path, files, settings, directory } = logIn();
      symlinkSync('/dev/full', path);
      log.take('stdout', 'lost\n');
      log.use({ ...settings, format: 'raw' });
      log.take('stdout', 'kept\n');
      expect(log.owes).toBe(true);
      // The next keeper knows of it, whatever the format.
      const next = logIn(directory, { format: 'raw' }).log;
      expect(next.owes).toBe(true);
      rmSync(path);
      log.settle();
      expect(log.owes).toBe(false);
      expect(readFileSync(files.rawLog('a', 'stdout'), 'utf8')).toBe('kept\n');
      expect(readFileSync(path, 'utf8').slice(25)).toMatch(/^log 5 bytes with 1 line ends are missing here/);
    },
  );

  test('says how many lines were left out of the last second, though nothing more is printed', async () => {
    const { log, path } = logIn(undefined, { maxLines: 1 });
    log.take('stdout', '1\n2\n3\n4\n');
    await until(() => {
      log.settle();
      return readFileSync(path, 'utf8').includes('log 3 lines were left out here');
    }, 'it says so');
    expect(log.owes).toBe(false);
  });

  test('has its folder made again when that was removed', () => {
    const { log, path, files, told } = logIn();
    log.take('stdout', 'before\n');
    rmSync(files.logs, { recursive: true });
    log.take('stdout', 'after\n');
    expect(readFileSync(path, 'utf8')).toMatch(/log the log file was removed .*\n.* out after\n$/);
    if (filesHaveModes) expect(statSync(files.logs).mode & 0o777).toBe(0o700);
    expect(told.faults).toEqual([expect.stringContaining('was removed or renamed; a new one was made')]);
  });

  test('goes on in a new file when its file is removed or renamed, and says so there', async () => {
    const { log, path, told } = logIn();
    log.take('stdout', 'one\n');
    renameSync(path, `${path}.mine`);
    log.take('stdout', 'two\n');
    rmSync(path);
    log.take('stdout', 'three\n');
    expect(readFileSync(`${path}.mine`, 'utf8')).toMatch(/ out one\n$/);
    const lines = (await linesOf(path)).map((line) => line.slice(25));
    expect(lines).toEqual(['log the log file was removed or renamed; this is a new one', 'out three']);
    expect(told.faults).toHaveLength(2);
  });

  test('whose file is removed or emptied within a line goes on with a record of its own', async () => {
    const { log, path } = logIn();
    log.take('stdout', 'begun ');
    renameSync(path, `${path}.mine`);
    log.take('stdout', 'goes on ');
    writeFileSync(path, '');
    log.take('stdout', 'ends\n');
    expect((await linesOf(path)).map((line) => line.slice(25))).toEqual(['out+ends']);
    log.take('stdout', 'begun ');
    rmSync(path);
    log.take('stdout', 'ends\nnext\n');
    expect((await linesOf(path)).map((line) => line.slice(25))).toEqual([
      'log the log file was removed or renamed within a line; this is a new one',
      'out+ends',
      'out next',
    ]);
  });

  test('goes on at the start of a file that was emptied in place', async () => {
    const { log, path } = logIn(undefined, { maxSize: 500 });
    log.take('stdout', 'one\n'.repeat(10));
    writeFileSync(path, '');
    log.take('stdout', 'two\n');
    expect(readFileSync(path, 'utf8')).toMatch(/^\S+ out two\n$/);
  });

  test('is emptied with the files that were put aside', async () => {
    const { log, path, files } = logIn(undefined, { maxSize: 200 });
    log.take('stdout', 'line\n'.repeat(100));
    // A keeper was killed while it compressed this one.
    const [aside] = readdirSync(files.logs).filter((name) => name !== 'a.all.log');
    writeFileSync(join(files.logs, `${aside}.gz.part`), 'secret');
    log.flush();
    expect(readdirSync(files.logs)).toEqual(['a.all.log']);
    expect(statSync(path).size).toBe(0);
    log.take('stdout', 'new\n');
    expect((await linesOf(path)).map((line) => line.slice(25))).toEqual(['out new']);
  });

  test.each(['stamped', 'raw'] as const)(
    'has greater generations when it is emptied, removed, put aside or written by another keeper: %s',
    (format) => {
      const time = stillTime();
      const { log, directory, files, told } = logIn(undefined, { format, maxSize: 5000, maxFiles: 0 });
      const path = files.streamLogs('a', format === 'raw').stdout;
      const changes = [
        () => log.flush(),
        () => writeFileSync(path, ''),
        () => rmSync(path),
        () => renameSync(path, `${path}.mine`),
        () => log.take('stdout', `${'x'.repeat(3000)}\n`.repeat(2)),
        // In the same millisecond.
        () => log.flush(),
      ];
      log.take('stdout', 'a long line to begin with\n');
      for (const change of changes) {
        change();
        log.take('stdout', 'short\n');
      }
      log.close();
      time.goOn(1000);
      const next = logIn(directory, { format });
      next.log.take('stdout', 'short\n');
      const pairs = [...told.pairs, ...next.told.pairs];
      expect(pairs.length).toBeGreaterThanOrEqual(changes.length + 2);
      for (const [index, [generation, end]] of pairs.slice(1).entries()) {
        const [former, last] = pairs[index] as readonly [number, number];
        const isGreater = generation > former || (generation === former && end > last);
        expect({ index, pairs, isGreater }).toMatchObject({ isGreater: true });
      }
      expect(new Set(pairs.map(([generation]) => generation)).size).toBeGreaterThanOrEqual(7);
    },
  );

  test('as raw text has each stream in a file of its own, as it was printed', async () => {
    const { log, files } = logIn(undefined, { format: 'raw', maxSize: 40, maxFiles: 10 });
    const json = '{"level":30,"msg":"hello"}\n';
    for (let n = 0; n < 3; n += 1) log.take('stdout', json);
    log.take('stderr', 'no newline');
    expect((await linesOf(files.rawLog('a', 'stdout'))).join('\n')).toBe(json.repeat(3).trim());
    expect(readFileSync(files.rawLog('a', 'stderr'), 'utf8')).toBe('no newline');
  });

  test('leaves out lines beyond those of a second, and says how many', async () => {
    const { log, path } = logIn(undefined, { maxLines: 5 });
    log.take('stdout', '1\n2\n3\n4\n5\n6\n7\n');
    log.take('stdout', '8\n');
    const second = Math.floor(Date.now() / 1000);
    while (Math.floor(Date.now() / 1000) === second) await new Promise((resolve) => setTimeout(resolve, 20));
    log.take('stdout', 'later\n');
    const lines = (await linesOf(path)).map((line) => line.slice(25));
    // The lines above may have fallen into two seconds.
    const left = /log (\d+) lines? (?:was|were) left out/.exec(lines.join('\n'))?.[1] ?? '0';
    expect(lines.filter((line) => /^out \d/.test(line)).length + Number(left)).toBe(8);
    expect(lines.at(-1)).toBe('out later');
  });

  test('keeps the rest of a line that it keeps, whatever the other stream prints meanwhile', async () => {
    const time = stillTime();
    const { log, path } = logIn(undefined, { maxLines: 2 });
    log.take('stdout', 'par');
    log.take('stderr', 'e1\ne2\n');
    log.take('stdout', 'tial\nx\n');
    time.goOn(1500);
    log.take('stdout', 'next line\n');
    expect((await linesOf(path)).map((line) => line.slice(25))).toEqual([
      'out par',
      'err e1',
      'out+tial',
      'log 2 lines were left out here: the app may print 2 lines a second',
      'out next line',
    ]);
  });

  test('leaves out the rest of a line that it leaves out, also later, and counts the line once', async () => {
    const time = stillTime();
    const { log, path, settings } = logIn(undefined, { maxLines: 2 });
    log.take('stdout', 'a\nb\nc\nbegun ');
    time.goOn(1500);
    log.take('stdout', 'goes on ');
    log.use({ ...settings, maxLines: 0 });
    log.take('stderr', 'of the other stream\n');
    log.flush();
    log.take('stdout', 'ends\nok\n');
    time.goOn(1500);
    log.settle();
    expect((await linesOf(path)).map((line) => line.slice(25))).toEqual(['out ok']);
  });

  test.each(['stamped', 'raw'] as const)(
    'keeps the first line of a new process, though the one before ended within a line that was left out: %s',
    (format) => {
      const time = stillTime();
      const { log, files } = logIn(undefined, { maxLines: 1, format });
      log.take('stdout', 'a\nended within');
      time.goOn(1500);
      log.newRun();
      log.take('stdout', 'up again\n');
      const path = format === 'raw' ? files.rawLog('a', 'stdout') : files.log('a');
      expect(readFileSync(path, 'utf8')).toMatch(
        /a\n.*1 line was left out here: the app may print 1 line a second\n(.* out )?up again\n$/,
      );
    },
  );

  test.each(['stamped', 'raw'] as const)(
    'keeps the rest of a line that a former keeper has begun: %s',
    (format) => {
      stillTime();
      const { log: former, directory, files } = logIn(undefined, { maxLines: 1, format });
      former.take('stdout', 'par');
      former.close();
      const { log } = logIn(directory, { maxLines: 1, format });
      log.take('stderr', 'e\n');
      log.take('stdout', 'tial\nx\n');
      const path = format === 'raw' ? files.rawLog('a', 'stdout') : files.log('a');
      expect(readFileSync(path, 'utf8')).toMatch(format === 'raw' ? /^partial\n$/ : / out\+tial\n$/);
    },
  );

  test('counts the first line of a new process, though a former keeper left a line without an end', async () => {
    stillTime();
    const { log: former, directory, path } = logIn(undefined, { maxLines: 1 });
    former.take('stdout', 'ended within');
    former.close();
    const { log } = logIn(directory, { maxLines: 1 });
    log.newRun();
    log.take('stdout', 'up again\nleft out\n');
    expect((await linesOf(path)).map((line) => line.slice(25))).toEqual(['out ended within', 'out up again']);
  });

  test('keeps whole lines or leaves them out and counts them, whatever the pieces and the streams', async () => {
    const time = stillTime();
    const piece = fc.record({
      stream: fc.constantFrom<Stream>('stdout', 'stderr'),
      parts: fc.array(fc.constantFrom('word', '\n'), { minLength: 1, maxLength: 6 }),
      pause: fc.constantFrom(0, 0, 300, 1000),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        async (pieces, maxLines) => {
          const { log, path, directory } = logIn(undefined, { maxLines });
          const printed = { stdout: '', stderr: '' };
          let words = 0;
          for (const { stream, parts, pause } of pieces) {
            // Each word is another one, so that each line is known by its text.
            const text = parts.map((part) => (part === 'word' ? `${(words += 1)};` : part)).join('');
            log.take(stream, text);
            printed[stream] += text;
            time.goOn(pause);
          }
          time.goOn(1000);
          log.settle();
          expect(log.owes).toBe(false);
          if (pieces.length > 0) {
            const kept = await printedIn(path);
            let count = 0;
            for (const stream of ['stdout', 'stderr'] as const) {
              const lines = printed[stream].replace(/\n$/, '').split('\n');
              const all = printed[stream] === '' ? [] : lines;
              const here = kept[stream].split('\n').slice(0, -1);
              let at = 0;
              for (const line of here) at = all.indexOf(line, at) + 1 || Infinity;
              expect({ here, all, inOrder: at <= all.length }).toMatchObject({ inOrder: true });
              count += all.length - here.length;
            }
            const records = readFileSync(path, 'utf8');
            const told = [...records.matchAll(/ log (\d+) lines? (?:was|were) left out/g)];
            expect(told.reduce((sum, [, lines]) => sum + Number(lines), 0)).toBe(count);
            const seconds = [...records.matchAll(/^(.{19})\.\d+Z (?:out|err) /gm)].map(([, at]) => at);
            for (const second of seconds)
              expect(seconds.filter((each) => each === second).length).toBeLessThanOrEqual(maxLines);
          }
          log.close();
          rmSync(directory, { recursive: true });
        },
      ),
      { numRuns: 200 },
    );
  });

  test('says of left-out lines how many were allowed when they were left out', async () => {
    const { log, path } = logIn(undefined, { maxLines: 1 });
    log.take('stdout', '1\n2\n3\n');
    log.use({ ...SETTINGS, maxLines: 0 });
    await until(() => {
      log.settle();
      return !log.owes;
    }, 'it is told');
    expect((await linesOf(path)).join('\n')).toMatch(
      /lines were left out here: the app may print 1 line a second/,
    );
  });

  test('does not say a second time what it lacked, though the count could not be taken back at once', async () => {
    const { log, path, files, directory } = logIn();
    const count = files.unwritten(path);
    mkdirSync(path);
    log.take('stdout', 'lost\n');
    // Now the log can be written, and its count cannot.
    rmSync(path, { recursive: true });
    renameSync(count, `${count}.aside`);
    mkdirSync(count);
    log.settle();
    rmSync(count, { recursive: true });
    renameSync(`${count}.aside`, count);
    log.settle();
    log.close();
    const { log: next } = logIn(directory);
    expect(next.owes).toBe(false);
    expect((await linesOf(path)).filter((line) => line.includes('missing here'))).toHaveLength(1);
  });

  test('is compressed when it was put aside, and holds the same', async () => {
    const faults: string[] = [];
    const compressor = new Compressor((message) => faults.push(message));
    const { log, path, told } = logIn(undefined, { maxSize: 300, maxFiles: 100 });
    for (let n = 0; n < 60; n += 1) log.take('stdout', `${n}\n`);
    const before = await linesOf(path);
    const aside = (await segmentsOf(path)).filter(({ until }) => until !== undefined);
    for (const each of aside) compressor.add(each.path);
    compressor.add(join(path, 'not there'));
    await compressor.done();
    expect((await segmentsOf(path)).filter(({ compressed }) => compressed)).toHaveLength(told.aside.length);
    expect(await linesOf(path)).toEqual(before);
    expect(faults.filter((fault) => !fault.includes('not there'))).toEqual([]);
  });
});

test('what a keeper had half compressed when it was killed goes when the next one starts, and nothing else', () => {
  const { directory, files } = logIn();
  const aside = 'a.all.log.20261127T021011.123Z';
  const kept = [aside, 'a.all.log', 'a.all.log.gz.part', `b${aside}.gz`, `${aside}.mine.gz.part`].sort();
  for (const name of [...kept, `${aside}.gz.part`, 'c.out.log.20261127T021011.123Z.gz.part'])
    writeFileSync(join(files.logs, name), 'text');
  expect(new Keeper(directory, () => undefined)).toBeDefined();
  expect(readdirSync(files.logs).sort()).toEqual(kept);
});

const other = (stream: Stream): Stream => (stream === 'stdout' ? 'stderr' : 'stdout');
