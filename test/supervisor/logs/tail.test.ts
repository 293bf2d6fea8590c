// The end of a log file.
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { readTail } from '#dist/supervisor/logs/tail.js';
import { temporaryDirectory } from '../../support/daemon.js';

const MIB = 1024 * 1024;

describe('the end of a file', () => {
  const file = (content: string | Buffer): string => {
    const path = join(temporaryDirectory(), 'log');
    writeFileSync(path, content);
    return path;
  };

  test.each<[string, string, number, string[]]>([
    ['the last lines', 'a\nb\nc\n', 2, ['b', 'c']],
    ['more lines than there are', 'a\n', 9, ['a']],
    ['a last line without its end', 'a\nb', 1, ['b']],
    ['blank lines', 'a\n\n\n', 2, ['', '']],
    ['lines of Windows', 'a\r\nb\r\n', 2, ['a', 'b']],
    ['no lines', 'a\n', 0, []],
    ['an empty file', '', 5, []],
  ])('is %s', async (_what, content, count, lines) => {
    expect((await readTail(file(content), count, MIB)).lines).toEqual(lines);
  });

  test('shows invalid UTF-8 as such, and the lines around it', async () => {
    const { lines } = await readTail(file(Buffer.from([97, 10, 255, 254, 10, 98, 10])), 3, MIB);
    expect(lines).toEqual(['a', '\ufffd\ufffd', 'b']);
  });

  test('of a huge file is read from its end, and no more than the bound', async () => {
    const path = file('');
    truncateSync(path, 8 * 1024 * MIB);
    appendFileSync(path, '\nlast but one\nlast\n');
    expect((await readTail(path, 2, MIB)).lines).toEqual(['last but one', 'last']);
    expect((await readTail(path, 100, MIB)).lines).toEqual(['last but one', 'last']);
  });

  test('is found however many blocks it fills', async () => {
    const line = 'x'.repeat(999);
    const path = file(Array.from({ length: 500 }, (_, n) => `${n} ${line}\n`).join(''));
    for (const count of [1, 64, 65, 66, 130, 131, 132, 499, 500])
      expect((await readTail(path, count, MIB)).lines.map((text) => parseInt(text))).toEqual(
        Array.from({ length: count }, (_, n) => 500 - count + n),
      );
    // The bytes before the first of the lines end exactly at a block.
    const whole = file(`${'y'.repeat(9)}\n${'z'.repeat(64 * 1024 - 1)}\n`);
    expect((await readTail(whole, 1, MIB)).lines).toEqual(['z'.repeat(64 * 1024 - 1)]);
  });

  test('of a file that is not there is empty', async () => {
    expect(await readTail('/nonexistent/log', 5, MIB)).toEqual({ lines: [], end: 0 });
  });

  property.prop([
    fc.array(
      fc.string({ maxLength: 30 }).map((text) => text.replaceAll(/[\r\n]/g, '')),
      { maxLength: 30 },
    ),
    fc.nat(40),
  ])('is what splitting all of it gives', async (lines, count) => {
    const path = join(temporaryDirectory(), 'log');
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
    const tail = await readTail(path, count, MIB);
    expect(tail.lines).toEqual(
      count === 0 ? [] : lines.slice(-count).map((line) => Buffer.from(line).toString()),
    );
  });
});
