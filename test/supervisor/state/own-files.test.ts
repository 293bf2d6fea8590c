// Whose the state is: a record is a command that the daemon runs.
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isOwnDirectory, prepareStateDirectory, readOwnFile } from '#dist/supervisor/state/own-files.js';
import { readRecords } from '#dist/supervisor/state/record-files.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { filesHaveModes } from '../../support/platform.js';

/** Another user, which need not exist. */
const OTHER = 54_321;
const isRoot = process.getuid?.() === 0;

const record = (id: string) =>
  JSON.stringify({
    version: 1,
    id,
    config: { name: id, command: 'x' },
    state: {},
    nonce: 'n',
    process: null,
  });

describe.skipIf(!filesHaveModes)('a state directory', () => {
  test('is made for its owner only, with those above it', async () => {
    const path = join(temporaryDirectory(), 'a', 'b');
    await prepareStateDirectory(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(await isOwnDirectory(path)).toBe(true);
  });

  test.each([
    [0o777, 'is writable by everyone'],
    [0o1777, 'is writable by everyone'],
    [0o770, 'is writable by its group'],
  ])('with the mode %o is refused, and nothing in it is read', async (mode, why) => {
    const path = temporaryDirectory();
    writeFileSync(join(path, 'a.json'), record('a'));
    chmodSync(path, mode);
    await expect(prepareStateDirectory(path)).rejects.toThrow(why);
    expect(await readRecords(path, () => undefined)).toEqual([]);
  });

  test.runIf(isRoot)('of another user is refused, and nothing in it is read', async () => {
    const path = temporaryDirectory();
    writeFileSync(join(path, 'a.json'), record('a'));
    chownSync(path, OTHER, OTHER);
    await expect(prepareStateDirectory(path)).rejects.toThrow('belongs to another user');
    expect(await readRecords(path, () => undefined)).toEqual([]);
  });

  test.runIf(isRoot)(
    'is not made in a directory of another user, nor is anything on the way to it',
    async () => {
      const home = temporaryDirectory();
      chownSync(home, OTHER, OTHER);
      const act = (): Promise<void> =>
        prepareStateDirectory(join(home, '.local', 'state', 'bunctl', 'default'));
      await expect(act()).rejects.toThrow(expect.objectContaining({ code: 'ENDPOINT_NOT_OURS' }) as Error);
      await expect(act()).rejects.toThrow(`cannot be made in ${home}, which belongs to another user`);
      await expect(act()).rejects.toThrow('BUNCTL_STATE_DIR');
      expect(existsSync(join(home, '.local'))).toBe(false);
    },
  );

  test('that cannot be made is refused at once, with the reason', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    await expect(prepareStateDirectory(join(file, 'x'))).rejects.toThrow('is not a directory');
  });

  test.runIf(process.platform === 'linux')('below /proc is refused at once', async () => {
    await expect(prepareStateDirectory('/proc/nothing/here')).rejects.toThrow('cannot be made');
  });
});

describe.skipIf(!filesHaveModes)('a file of the state', () => {
  test('is read when only its owner can write it', async () => {
    const path = join(temporaryDirectory(), 'f');
    writeFileSync(path, 'x', { mode: 0o600 });
    expect(await readOwnFile(path)).toBe('x');
    chmodSync(path, 0o666);
    await expect(readOwnFile(path)).rejects.toThrow('is writable by everyone');
  });

  test('is neither a link that is followed nor a pipe that is waited for', async () => {
    const directory = temporaryDirectory();
    const [target, link, pipe] = ['target', 'link', 'pipe'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(target, 'x');
    symlinkSync(target, link);
    await expect(readOwnFile(link)).rejects.toThrow('ELOOP');
    execFileSync('mkfifo', [pipe]);
    await expect(readOwnFile(pipe)).rejects.toThrow('is not a regular file');
    mkdirSync(join(directory, 'd'));
    await expect(readOwnFile(join(directory, 'd'))).rejects.toThrow();
  });

  test.runIf(isRoot)('of another user is not a record, though the directory is ours', async () => {
    const directory = temporaryDirectory();
    for (const id of ['mine', 'theirs']) writeFileSync(join(directory, `${id}.json`), record(id));
    chownSync(join(directory, 'theirs.json'), OTHER, OTHER);
    const faults: string[] = [];
    const read = await readRecords(directory, (file) => void faults.push(file));
    expect(read.map(({ id }) => id)).toEqual(['mine']);
    expect(faults).toEqual([join(directory, 'theirs.json')]);
  });
});
