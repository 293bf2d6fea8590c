// The files of the process manager: the end of a log, lines as they come, and a truth that survives a full disk.
import { spawn } from 'node:child_process';
import { appendFileSync, chmodSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LogFile } from '#dist/supervisor/logs/daemon-log.js';
import { type FollowedLine, LogFollower } from '#dist/supervisor/logs/log-follower.js';
import { groupsOver } from '#dist/supervisor/system/group-memory.js';
import { logName } from '#dist/supervisor/state/paths.js';
import { parseStat } from '#dist/supervisor/system/processes.js';
import { userOf } from '#dist/supervisor/system/users.js';
import { readTail } from '#dist/supervisor/logs/tail.js';
import { temporaryDirectory } from '../support/daemon.js';
import { until } from '../support/until.js';

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
  ])('gives %s', async (_what, content, count, lines) => {
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
    const path = join('/tmp', `bunctl-tail-${process.pid}`);
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
    const tail = await readTail(path, count, MIB);
    rmSync(path);
    expect(tail.lines).toEqual(
      count === 0 ? [] : lines.slice(-count).map((line) => Buffer.from(line).toString()),
    );
  });
});

describe('the follower', () => {
  function follower(listened = true, watched?: string) {
    const directory = temporaryDirectory();
    const path = join(directory, logName('a', 'stdout'));
    const lines: FollowedLine[] = [];
    const state = { listened, asked: 0 };
    const made = new LogFollower(watched ?? directory, (id, stream) => join(directory, logName(id, stream)), {
      onLine: (line) => {
        lines.push(line);
        return Promise.resolve();
      },
      listened() {
        state.asked += 1;
        return Promise.resolve(state.listened);
      },
      onFault: (error) => {
        throw error;
      },
    });
    onTestFinished(() => made.close());
    return { made, path, lines, state, texts: () => lines.map(({ line }) => line) };
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
    await new Promise((resolve) => setTimeout(resolve, 50));
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
});

test('a user is read from the file of users', () => {
  const file = join(temporaryDirectory(), 'passwd');
  writeFileSync(file, 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:100:Ann:/home/ann:/bin/sh\n\nbroken\n');
  expect(userOf(1000, file)).toEqual({ name: 'ann', gid: 100, home: '/home/ann' });
  expect(userOf(100, file)).toBeUndefined();
  expect(userOf(0, '/nonexistent')).toBeUndefined();
});

test('the daemon’s log is put aside before it grows too large, and a full disk costs lines only', () => {
  const path = join(temporaryDirectory(), 'daemon.log');
  const log = new LogFile(path, 1000);
  for (let n = 0; n < 100; n += 1) log.write(`${'x'.repeat(99)}\n`);
  expect(statSync(path).size).toBeLessThanOrEqual(1100);
  expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(1100);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const full = new LogFile('/dev/full');
  full.write('lost\n');
  chmodSync(path, 0o600);
});

test('a command name with spaces and brackets does not shift the fields of its line', () => {
  const fields = [
    'S',
    '1',
    '42',
    '43',
    ...Array.from({ length: 7 }, () => '0'),
    '5',
    '6',
    ...Array.from({ length: 6 }, () => '0'),
    '777',
    '9',
    '30',
  ];
  expect(parseStat(`12 (a ) b (c) ${fields.join(' ')}`)).toEqual({
    state: 'S',
    group: 42,
    session: 43,
    cpuTicks: 11,
    startTime: '777',
    residentPages: 30,
  });
});

test.runIf(process.platform === 'linux')(
  'memory that processes of a group share is counted once, and what each has for itself in full',
  async () => {
    const script = [
      'import os, sys, time',
      'shared = bytearray(b"x") * (96 << 20)',
      'for _ in range(3):',
      '    if os.fork() == 0: break',
      'own = bytearray(b"y") * (8 << 20)',
      'sys.stdout.write("."); sys.stdout.flush()',
      'time.sleep(1000)',
    ].join('\n');
    const child = spawn('python3', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    const group = child.pid as number;
    onTestFinished(() => void process.kill(-group, 'SIGKILL'));
    let ready = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (ready += text));
    await until(() => ready === '....', 'all four hold their memory');
    const within = groupsOver(new Map([[group, 224 * MIB]]));
    expect([...within]).toEqual([]);
    const over = groupsOver(
      new Map([
        [group, 120 * MIB],
        [group + 1_000_000, 1],
      ]),
    );
    expect([...over.keys()]).toEqual([group]);
    expect((over.get(group) ?? 0) / MIB).toBeGreaterThan(128);
  },
);
