// The follower of the apps' output files: each line once, whatever happens to the file.
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type FollowedLine, LogFollower } from '#dist/supervisor/logs/log-follower.js';
import { logName } from '#dist/supervisor/state/paths.js';
import { replaceFile } from '#dist/supervisor/state/replace.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { until } from '../../support/until.js';

const MIB = 1024 * 1024;

describe('the follower', () => {
  function follower(listened = true, watched?: string, faulty = false, onLine?: (line: string) => void) {
    const directory = temporaryDirectory();
    const path = join(directory, logName('a', 'stdout'));
    const lines: FollowedLine[] = [];
    const faults: string[] = [];
    const state = { listened, asked: 0 };
    const made = new LogFollower(watched ?? directory, (id, stream) => join(directory, logName(id, stream)), {
      onLine: (line) => {
        lines.push(line);
        onLine?.(line.line);
        return Promise.resolve();
      },
      listened() {
        state.asked += 1;
        return Promise.resolve(state.listened);
      },
      onFault: (error) => {
        if (!faulty) throw error;
        faults.push(error.message);
      },
    });
    onTestFinished(() => made.close());
    return { made, path, lines, faults, state, texts: () => lines.map(({ line }) => line) };
  }

  test('hands on each line once: blank, long, of Windows, no UTF-8, and parts only when they are whole', async () => {
    const { made, path, texts, lines } = follower();
    writeFileSync(path, 'before\n');
    made.follow('a', { stdout: 7, stderr: 0 });
    const long = 'x'.repeat(MIB);
    appendFileSync(path, `one\n\ntwo\r\n${long}\n`);
    appendFileSync(path, Buffer.from([255, 10]));
    appendFileSync(path, 'par');
    await until(() => lines.length === 5, 'five lines');
    appendFileSync(path, 'tial\n');
    await until(() => lines.length === 6, 'the sixth');
    expect(texts()).toEqual(['one', '', 'two', long, '\ufffd', 'partial']);
    expect(lines.at(-1)?.end).toBe(statSync(path).size);
  });

  test('hands on a last line without its end when the app has ended', async () => {
    const { made, path, texts } = follower();
    made.follow('a', { stdout: 0, stderr: 0 });
    writeFileSync(path, 'no newline');
    made.ended('a');
    await until(() => texts().length === 1, 'the line');
    expect(texts()).toEqual(['no newline']);
  });

  test('passes over what nobody listens to, but not the line that is under way then', async () => {
    const { made, path, texts, state } = follower(false);
    writeFileSync(path, 'unheard\nbegun ');
    made.follow('a', { stdout: 0, stderr: 0 });
    // The first time it knew of no file yet.
    await until(() => state.asked >= 2, 'it has passed over what is there');
    state.listened = true;
    appendFileSync(path, 'and ended\n');
    await until(() => texts().length > 0, 'a line');
    expect(texts()).toEqual(['begun and ended']);
  });

  test('tells a file that was emptied from what it was before, listened to or not', async () => {
    const { made, path, lines, texts, state } = follower(false);
    writeFileSync(path, 'a long line that nobody hears\n');
    made.follow('a', { stdout: 0, stderr: 0 });
    await until(() => state.asked >= 2, 'it has passed over what is there');
    const before = made.generations('a');
    truncateSync(path, 0);
    appendFileSync(path, 'short\n');
    state.listened = true;
    await until(() => texts().includes('short'), 'the line');
    expect(lines[0]).toMatchObject({ end: 6, generation: before.stdout + 1 });
    expect(made.generations('a')).toEqual({ stdout: before.stdout + 1, stderr: before.stderr });
  });

  test('goes on from the start of a file that was emptied', async () => {
    const { made, path, texts } = follower();
    writeFileSync(path, 'one\ntwo\n');
    made.follow('a', { stdout: 0, stderr: 0 });
    await until(() => texts().length === 2, 'two lines');
    truncateSync(path, 0);
    appendFileSync(path, 'new\n');
    await until(() => texts().length === 3, 'the new line');
    expect(texts()[2]).toBe('new');
  });

  test('hands on a line without end in pieces that fit a frame', async () => {
    const { made, path, texts } = follower();
    const long = Array.from({ length: 500_000 }, (_, n) => n % 10)
      .join('')
      .repeat(10);
    writeFileSync(path, `${long}\nnext\n`);
    made.follow('a', { stdout: 0, stderr: 0 });
    await until(() => texts().includes('next'), 'the line after it');
    const pieces = texts().slice(0, -1);
    expect(pieces.join('') === long).toBe(true);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(1536 * 1024);
  });

  test.each(['forget', 'close'] as const)(
    'after %s() it tells nothing of a file that it was to read',
    async (end) => {
      // Only the poll finds changes, so that both files are to be read then.
      const { made, path, faults, texts } = follower(true, temporaryDirectory(), true, (line) => {
        if (line !== 'last') return;
        if (end === 'forget') made.forget('a');
        else made.close();
        rmSync(path);
        rmSync(other);
      });
      const other = join(dirname(path), logName('a', 'stderr'));
      for (const file of [path, other]) writeFileSync(file, 'first\n');
      made.follow('a', { stdout: 0, stderr: 0 });
      await until(() => texts().length === 2, 'both files were read');
      appendFileSync(path, 'last\n');
      await until(() => texts().includes('last'), 'the line');
      // The file that is read next is there no more.
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(faults).toEqual([]);
    },
  );

  test('finds what the watch of the directory has missed', async () => {
    // Another directory is watched than the one the files are in: no change is ever told.
    const { made, path, texts } = follower(true, temporaryDirectory());
    made.follow('a', { stdout: 0, stderr: 0 });
    writeFileSync(path, 'one\n');
    await until(() => texts().length === 1, 'the first line');
    appendFileSync(path, 'two\n');
    await until(() => texts().length === 2, 'the second line');
  });

  test('loses none of a hundred thousand', async () => {
    const { made, path, texts } = follower();
    made.follow('a', { stdout: 0, stderr: 0 });
    for (let n = 0; n < 100; n += 1)
      appendFileSync(path, Array.from({ length: 1000 }, (_, index) => `${n * 1000 + index}\n`).join(''));
    await until(() => texts().length >= 100_000, 'all of them');
    expect(texts()).toEqual(Array.from({ length: 100_000 }, (_, n) => String(n)));
  });

  test('hands on every line of a file that was emptied and has grown beyond its former size at once', async () => {
    const { made, path, texts, lines } = follower();
    const numbered = (from: number, to: number): string =>
      Array.from({ length: to - from }, (_, n) => `line ${from + n}\n`).join('');
    writeFileSync(path, numbered(0, 20));
    made.follow('a', { stdout: 0, stderr: 0 });
    await until(() => lines.length === 20, 'the lines before');
    // In one step, so that no poll and no watch sees it small.
    const other = `${path}.new`;
    writeFileSync(other, numbered(100, 160));
    const bytes = readFileSync(other);
    const descriptor = openSync(path, 'r+');
    writeSync(descriptor, bytes, 0, bytes.length, 0);
    closeSync(descriptor);
    await until(() => lines.length >= 80, 'the lines after');
    expect(texts().slice(20)).toEqual(numbered(100, 160).trimEnd().split('\n'));
    expect(lines.at(-1)?.generation).toBe((lines[0]?.generation ?? 0) + 1);
  });

  test('says that a file was renamed or removed while its app runs, and follows the one that comes after', async () => {
    const { made, path, texts, faults } = follower(true, undefined, true);
    writeFileSync(path, 'one\n');
    made.follow('a', { stdout: 0, stderr: 0 });
    await until(() => texts().length === 1, 'the first line');
    renameSync(path, `${path}.1`);
    await until(() => faults.length === 1, 'it is noticed');
    expect(faults[0]).toContain(`${path} was removed or renamed: what app a prints from now on is not in it`);
    writeFileSync(path, 'two\n');
    await until(() => texts().length === 2, 'the line of the new file');
    expect(texts()).toEqual(['one', 'two']);
    writeFileSync(`${path}.2`, 'three\n');
    await replaceFile(`${path}.2`, path);
    await until(() => texts().length === 3, 'the line of the file that replaced it');
    expect(faults.slice(1)).toEqual([expect.stringContaining('was replaced by another file')]);
    made.ended('a');
    rmSync(path);
    made.follow('a');
    writeFileSync(path, 'four\n');
    await until(() => texts().length === 4, 'the line of the next run');
    expect(faults).toHaveLength(2);
  });

  test('goes on in a folder that was removed and made again', async () => {
    const { made, path, texts } = follower(true, undefined, true);
    writeFileSync(path, 'one\n');
    made.follow('a', { stdout: 0, stderr: 0 });
    await until(() => texts().length === 1, 'the first line');
    rmSync(dirname(path), { recursive: true, maxRetries: 10 });
    mkdirSync(dirname(path));
    writeFileSync(path, 'two\n');
    await until(() => texts().length === 2, 'the line in the new folder');
  });
});
