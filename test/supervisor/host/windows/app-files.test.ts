// The files that the runs of an app hold on Windows, looked for on every system.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AppFiles } from '#dist/supervisor/host/windows/app-files.js';
import { temporaryDirectory } from '../../../support/daemon.js';

describe('the files that runs of an app hold', () => {
  test('are none where their folder is not made yet, or has only those of other apps', async () => {
    const folder = join(temporaryDirectory(), 'held');
    expect(await new AppFiles(folder).anyHeld('a')).toBe(false);
    mkdirSync(folder);
    writeFileSync(join(folder, `b.${'0'.repeat(16)}`), '');
    expect(await new AppFiles(folder).anyHeld('a')).toBe(false);
  });

  test('are not known when their folder cannot be read: then no run begins, as one could live', async () => {
    const folder = join(temporaryDirectory(), 'held');
    writeFileSync(folder, '');
    const files = new AppFiles(folder);
    await expect(files.anyHeld('a')).rejects.toThrow('ENOTDIR');
    await expect(files.holdAlone('a', '0'.repeat(16))).rejects.toThrow('ENOTDIR');
  });
});
