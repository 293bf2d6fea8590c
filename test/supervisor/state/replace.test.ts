// A file is replaced although somebody reads it, where the system refuses that for a moment.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { replaceFile } from '#dist/supervisor/state/replace.js';
import { temporaryDirectory } from '../../support/daemon.js';

/** A system that refuses this many times, with a clock that does not wait. */
function refusing(times: number, code: string, platform = 'win32') {
  const seen = { tries: 0, waited: 0 };
  const around = {
    platform,
    rename: async () => {
      seen.tries += 1;
      if (seen.tries <= times) throw Object.assign(new Error(code), { code });
    },
    sleep: async (ms: number) => (seen.waited += ms),
  };
  return { seen, replace: () => replaceFile('from', 'to', around) };
}

test.each(['EPERM', 'EACCES', 'EBUSY'])(
  'on Windows %s passes, and the file is replaced then',
  async (code) => {
    const { seen, replace } = refusing(5, code);
    await replace();
    expect(seen).toEqual({ tries: 6, waited: 10 + 20 + 40 + 80 + 160 });
  },
);

test('a file that stays open is told after two seconds', async () => {
  const { seen, replace } = refusing(Infinity, 'EPERM');
  await expect(replace()).rejects.toThrow('EPERM');
  expect(seen.waited).toBeGreaterThanOrEqual(2000);
  expect(seen.waited).toBeLessThan(2300);
});

test('another error, and any error of another system, is told at once', async () => {
  for (const [code, platform] of [
    ['ENOSPC', 'win32'],
    ['EPERM', 'linux'],
    ['EACCES', 'darwin'],
  ]) {
    const { seen, replace } = refusing(1, code as string, platform);
    await expect(replace()).rejects.toThrow(code);
    expect(seen).toEqual({ tries: 1, waited: 0 });
  }
});

test('a real file is replaced', async () => {
  const folder = temporaryDirectory();
  writeFileSync(join(folder, 'new'), 'new');
  writeFileSync(join(folder, 'old'), 'old');
  await replaceFile(join(folder, 'new'), join(folder, 'old'));
  expect(readFileSync(join(folder, 'old'), 'utf8')).toBe('new');
});
