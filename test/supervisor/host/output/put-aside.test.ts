// Plain output files are put aside before a run when they are full.
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { putAsideIfFull } from '#dist/supervisor/host/output/put-aside.js';
import { temporaryDirectory } from '../../../support/daemon.js';

const NOW = Date.parse('2026-11-27T02:10:11.123Z');
const BOUNDS = { maxSize: 10, maxFiles: 2 };

function log(text: string) {
  const directory = temporaryDirectory();
  const path = join(directory, 'a.out.log');
  writeFileSync(path, text);
  return { directory, path, files: () => readdirSync(directory).sort() };
}

test('a file that has its largest size gets the name of its time, and the next run begins a new one', async () => {
  const { directory, path, files } = log('0123456789');
  await putAsideIfFull(path, BOUNDS, NOW);
  expect(files()).toEqual(['a.out.log.20261127T021011.123Z']);
  expect(readFileSync(join(directory, 'a.out.log.20261127T021011.123Z'), 'utf8')).toBe('0123456789');
});

test.each([
  ['is smaller', '012345678', BOUNDS],
  ['has no largest size', '0123456789', { maxSize: 0, maxFiles: 2 }],
])('a file that %s stays', async (_how, text, bounds) => {
  const { path, files } = log(text);
  await putAsideIfFull(path, bounds, NOW);
  expect(files()).toEqual(['a.out.log']);
});

test('the newest files are kept, by their times, whatever the clock does; those of other apps are not touched', async () => {
  const { directory, path, files } = log('');
  writeFileSync(join(directory, 'ab.out.log.20261127T021011.123Z'), '');
  for (const now of [NOW, NOW - 3_600_000, NOW]) {
    appendFileSync(path, '0123456789');
    await putAsideIfFull(path, BOUNDS, now);
  }
  const others = ['ab.out.log.20261127T021011.123Z'];
  expect(files()).toEqual(['a.out.log.20261127T021011.124Z', 'a.out.log.20261127T021011.125Z', ...others]);
});

test('what is not there, or not a file, stays as it is', async () => {
  const { directory, path, files } = log('0123456789');
  await putAsideIfFull(join(directory, 'nothing.log'), BOUNDS, NOW);
  mkdirSync(join(directory, 'folder.log'));
  await putAsideIfFull(join(directory, 'folder.log'), { maxSize: 1, maxFiles: 1 }, NOW);
  expect(files()).toEqual(['a.out.log', 'folder.log']);
  expect(path).toContain('a.out.log');
});
