// The lock where there are no abstract sockets: a file that one process holds, and that the kernel frees with it.
import { constants } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exclusiveFlags, holdFile, isHeld, type Opening } from '#dist/endpoint/held-file.js';
import { temporaryDirectory } from '../support/endpoints.js';

const opening = (platform: string, outcome: number | string) => {
  const opened: [string, number][] = [];
  const closed: number[] = [];
  const around: Opening = {
    platform,
    open(path, flags) {
      opened.push([path, flags]);
      if (typeof outcome === 'string') throw Object.assign(new Error(outcome), { code: outcome });
      return outcome;
    },
    close: (fd) => void closed.push(fd),
  };
  return { around, opened, closed };
};

// The values are of the systems' headers, and libuv's own for Windows.
test.each([
  ['win32', 0x1000_0000],
  ['darwin', 0x24],
  ['freebsd', 0x24],
])('on %s the file is opened for one process alone, and kept until it is released', (platform, flags) => {
  const { around, opened, closed } = opening(platform, 7);
  const hold = holdFile('lock', around);
  expect(opened).toEqual([['lock', constants.O_RDWR | constants.O_CREAT | flags]]);
  expect(closed).toEqual([]);
  if (typeof hold === 'string') throw new Error(hold);
  hold.release();
  expect(closed).toEqual([7]);
});

test.each([
  ['win32', 'EBUSY'],
  ['darwin', 'EAGAIN'],
])('on %s another holder is told by %s', (platform, code) => {
  expect(holdFile('lock', opening(platform, code).around)).toBe('held');
  expect(isHeld('lock', opening(platform, code).around)).toBe(true);
});

test.each(['ENOENT', 'EACCES', 'EPERM', 'EMFILE'])(
  '%s does not show that somebody holds the file',
  (code) => {
    expect(isHeld('lock', opening('win32', code).around)).toBe(false);
    expect(() => holdFile('lock', opening('win32', code).around)).toThrow(code);
  },
);

test('a look lets go of the file', () => {
  const { around, closed } = opening('darwin', 9);
  expect([isHeld('lock', around), closed]).toEqual([false, [9]]);
});

test('a file system without locks is told from a holder', () => {
  expect(holdFile('lock', opening('darwin', 'ENOTSUP').around)).toBe('unknown');
  expect(exclusiveFlags('linux')).toBeUndefined();
  expect(holdFile('lock', opening('linux', 1).around)).toBe('unknown');
});

test.runIf(exclusiveFlags(process.platform) !== undefined)('the kernel keeps a second holder out', () => {
  const path = join(temporaryDirectory(), 'lock');
  const hold = holdFile(path);
  if (typeof hold === 'string') throw new Error(hold);
  expect([holdFile(path), isHeld(path)]).toEqual(['held', true]);
  hold.release();
  expect(isHeld(path)).toBe(false);
});
