// The last lines of a plain log file.
import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openAppLogs, recentLines } from '#dist/supervisor/logs/app-log.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { property } from '../../support/property.js';

const MIB = 1024 * 1024;

/** The file of an app's stdout, in a state directory of its own. */
function logFile(content: string | Buffer): string {
  const path = join(temporaryDirectory(), 'logs', 'a.out.log');
  mkdirSync(dirname(path));
  writeFileSync(path, content);
  return path;
}

async function readTail(path: string, count: number): Promise<string[]> {
  const [log] = await openAppLogs(dirname(dirname(path)), ['a']);
  if (!log) throw new Error('there is one log');
  const { lines } = await recentLines(log, count, {}, 64 * MIB);
  await log.close();
  return lines.map(({ text }) => text);
}

describe('the end of a file', () => {
  const file = logFile;

  test.each<[string, string, number, string[]]>([
    ['the last lines', 'a\nb\nc\n', 2, ['b', 'c']],
    ['more lines than there are', 'a\n', 9, ['a']],
    ['a last line without its end', 'a\nb', 1, ['b']],
    ['blank lines', 'a\n\n\n', 2, ['', '']],
    ['lines of Windows', 'a\r\nb\r\n', 2, ['a', 'b']],
    ['no lines', 'a\n', 0, []],
    ['an empty file', '', 5, []],
  ])('is %s', async (_what, content, count, lines) => {
    expect(await readTail(file(content), count)).toEqual(lines);
  });

  test('shows invalid UTF-8 as such, and the lines around it', async () => {
    expect(await readTail(file(Buffer.from([97, 10, 255, 254, 10, 98, 10])), 3)).toEqual([
      'a',
      '\ufffd\ufffd',
      'b',
    ]);
  });

  test('of a huge file is read from its end', async () => {
    const path = file('');
    truncateSync(path, 8 * 1024 * MIB);
    appendFileSync(path, '\nlast but one\nlast\n');
    expect(await readTail(path, 2)).toEqual(['last but one', 'last']);
  });

  test('is found however many blocks it fills', async () => {
    const line = 'x'.repeat(999);
    const path = file(Array.from({ length: 500 }, (_, n) => `${n} ${line}\n`).join(''));
    for (const count of [1, 64, 65, 66, 130, 131, 132, 499, 500])
      expect((await readTail(path, count)).map((text) => parseInt(text))).toEqual(
        Array.from({ length: count }, (_, n) => 500 - count + n),
      );
    // The bytes before the first of the lines end exactly at a block.
    const whole = file(`${'y'.repeat(9)}\n${'z'.repeat(64 * 1024 - 1)}\n`);
    expect(await readTail(whole, 1)).toEqual(['z'.repeat(64 * 1024 - 1)]);
  });

  test('is found however many lines it has', async () => {
    const lines = Array.from({ length: 300_000 }, (_, n) => String(n));
    expect(await readTail(file(`${lines.join('\n')}\n`), 1_000_000)).toEqual(lines);
  });

  test('of a file that is not there is empty', async () => {
    expect(await readTail('/nonexistent/logs/a.out.log', 5)).toEqual([]);
  });

  property([
    fc.array(
      fc.string({ maxLength: 30 }).map((text) => text.replaceAll(/[\r\n]/g, '')),
      { maxLength: 30 },
    ),
    fc.nat(40),
  ])('is what splitting all of it gives', async (lines, count) => {
    const path = logFile(lines.map((line) => `${line}\n`).join(''));
    expect(await readTail(path, count)).toEqual(
      count === 0 ? [] : lines.slice(-count).map((line) => Buffer.from(line).toString()),
    );
  });
});
