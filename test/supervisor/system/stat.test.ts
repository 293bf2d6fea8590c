// What /proc says of a process.
import { describe, expect, onTestFinished, test } from 'vitest';
import { endsBySigterm, parseStat, readProc, statOf } from '#dist/supervisor/system/stat.js';
import { markIn } from '#dist/supervisor/system/marked.js';
import { parseAuxiliaryVector, PAGE, TICKS_PER_SECOND } from '#dist/supervisor/system/kernel.js';
import { ageOf } from '#dist/supervisor/system/clock.js';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { script } from '../../support/host.js';

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
    parent: 1,
    group: 42,
    session: 43,
    cpuTicks: 11,
    childTicks: 0,
    startTime: '777',
    residentPages: 30,
  });
});

describe.skipIf(process.platform !== 'linux')('a file of /proc', () => {
  test('is read whole, whatever its length, and the next one is not mixed up with it', async () => {
    const long = 'x'.repeat(100_000);
    const child = spawn('sleep', ['1000'], { env: { LONG: long, LAST: 'y' } });
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await once(child, 'close');
    });
    await once(child, 'spawn');
    const files = [`/proc/${child.pid}/environ`, `/proc/${child.pid}/comm`, `/proc/self/limits`];
    const read = files.map((file) => readProc(file)?.toString());
    expect(read).toEqual([`LONG=${long}\0LAST=y\0`, 'sleep\n', readFileSync('/proc/self/limits', 'utf8')]);
  });

  test('that is not there, or not ours to read, is undefined, and no descriptor stays open', () => {
    const open = readdirSync('/proc/self/fd').length;
    for (let n = 0; n < 20; n += 1)
      expect([readProc('/proc/0/stat'), readProc('/proc/self/fd'), readProc('/proc/self/mem')]).toEqual(
        Array(3).fill(undefined),
      );
    expect(readdirSync('/proc/self/fd').length).toBe(open);
  });
});

describe.skipIf(process.platform !== 'linux')('a process', () => {
  test('is ended by SIGTERM if it neither catches nor ignores it', async () => {
    const [plain, catching, ignoring] = [
      await script('echo ready; exec sleep 1000'),
      await script('trap "exit 0" TERM; echo ready; while :; do sleep 1; done'),
      await script('trap "" TERM; echo ready; exec sleep 1000'),
    ];
    expect([plain, catching, ignoring].map(({ pid }) => endsBySigterm(pid))).toEqual([true, false, false]);
    expect(endsBySigterm(2 ** 22 + 1)).toBe(false);
  });

  test.each<[string, Record<string, string>, string | undefined]>([
    ['its own', { BUNCTL_APP: 'a:1' }, 'a:1'],
    ['an empty one', { BUNCTL_APP: '' }, ''],
    ['none, though another variable looks like it', { X: 'BUNCTL_APP=a:1', XBUNCTL_APP: 'b' }, undefined],
  ])('has a mark: %s', async (_what, env, mark) => {
    const { pid } = await script('echo ready; sleep 1000; :', env);
    expect(markIn(readFileSync(`/proc/${pid}/environ`))).toBe(mark);
  });

  test('has an age that no clock of the day changes', async () => {
    const { pid } = await script('echo ready; exec sleep 1000');
    const age = ageOf(statOf(pid)?.startTime ?? null) ?? -1;
    expect(age).toBeGreaterThanOrEqual(0);
    // It was started later than this process.
    expect(age).toBeLessThan(process.uptime() * 1000 + 1000);
    expect(ageOf(null)).toBeNull();
  });

  test('is measured in the kernel’s own pages and clock ticks', () => {
    expect(PAGE).toBe(Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' })));
    expect(TICKS_PER_SECOND).toBe(Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })));
  });
});

test('an auxiliary vector is read in both sizes and orders of words', () => {
  const small = Buffer.alloc(24);
  [6, 16_384, 17, 1024, 0, 0].forEach((word, at) => small.writeUInt32BE(word, at * 4));
  expect(parseAuxiliaryVector(small, 4, 'BE').get(6)).toBe(16_384);
  const large = Buffer.alloc(32);
  [6, 65_536, 17, 100].forEach((word, at) => large.writeBigUInt64LE(BigInt(word), at * 8));
  expect([...parseAuxiliaryVector(large, 8, 'LE')]).toEqual([
    [6, 65_536],
    [17, 100],
  ]);
});
