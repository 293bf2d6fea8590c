// What /proc says of a process.
import { describe, expect, test } from 'vitest';
import { endsBySigterm, parseStat, statOf } from '#dist/supervisor/system/stat.js';
import { markOfProcess } from '#dist/supervisor/system/marked.js';
import { parseAuxiliaryVector, PAGE, TICKS_PER_SECOND } from '#dist/supervisor/system/kernel.js';
import { ageOf } from '#dist/supervisor/system/clock.js';
import { execFileSync } from 'node:child_process';
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
    const { pid } = await script('echo ready; exec sleep 1000', env);
    expect(markOfProcess(pid)).toBe(mark);
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
