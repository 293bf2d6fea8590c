// Records on disk: written whole or not at all, for their owner only, and tried again when the disk is full.
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { AppRecord } from '#dist/supervisor/model/app-record.js';
import { readRecords } from '#dist/supervisor/state/record-files.js';
import { Store } from '#dist/supervisor/state/store.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { filesHaveModes } from '../../support/platform.js';
import { until } from '../../support/until.js';

describe('a record', () => {
  const record = (n: number): AppRecord =>
    ({ version: 1, id: 'a', config: {}, state: { restarts: n }, nonce: '', process: null }) as never;

  test.skipIf(!filesHaveModes)('is written whole, private, and in its last version', async () => {
    const directory = temporaryDirectory();
    const store = new Store(
      (id) => join(directory, `${id}.json`),
      () => undefined,
    );
    await Promise.all(Array.from({ length: 50 }, (_, n) => store.save('a', record(n))));
    const [read] = await readRecords(directory, () => undefined);
    expect(read?.state.restarts).toBe(49);
    expect(statSync(join(directory, 'a.json')).mode & 0o777).toBe(0o600);
    await store.save('a', null);
    expect(await readRecords(directory, () => undefined)).toEqual([]);
  });

  test('is on the disk before it takes its name', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'a.json');
    const probe = await open(join(directory, 'probe'), 'w');
    const prototype = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    const seen: [boolean, number][] = [];
    const sync = vi.spyOn(prototype, 'sync').mockImplementation(async () => {
      seen.push([existsSync(path), statSync(`${path}.new`).size]);
    });
    onTestFinished(() => sync.mockRestore());
    const store = new Store(
      () => path,
      () => undefined,
    );
    await store.save('a', record(1));
    expect(seen).toEqual([[false, statSync(path).size]]);
  });

  test.skipIf(!filesHaveModes)(
    'is written though somebody has removed the folder, which is made again for its owner only',
    async () => {
      const directory = join(temporaryDirectory(), 'state', 'apps');
      const faults: Error[] = [];
      const store = new Store(
        (id) => join(directory, `${id}.json`),
        (error) => faults.push(error),
      );
      await store.save('a', record(1));
      expect((await readRecords(directory, () => undefined))[0]?.state.restarts).toBe(1);
      expect(statSync(directory).mode & 0o777).toBe(0o700);
      expect(faults).toEqual([]);
    },
  );

  test('that cannot be removed is reported to the caller alone, and not removed later', async () => {
    const path = join(temporaryDirectory(), 'a.json');
    const faults: Error[] = [];
    const store = new Store(
      () => path,
      (error) => faults.push(error),
    );
    mkdirSync(path);
    await expect(store.save('a', null)).rejects.toThrow();
    rmSync(path, { recursive: true });
    await store.save('a', record(1));
    await store.flush();
    expect([existsSync(path), faults]).toEqual([true, []]);
  });

  test('that cannot be written keeps its former version, is reported, and is written later', async () => {
    const directory = join(temporaryDirectory(), 'apps');
    mkdirSync(directory);
    const faults: Error[] = [];
    const store = new Store(
      (id) => join(directory, `${id}.json`),
      (error) => faults.push(error),
      20,
    );
    await store.save('a', record(1));
    // A directory in the place of the new version: not even root can write it.
    mkdirSync(join(directory, 'a.json.new'));
    await expect(store.save('a', record(2))).rejects.toThrow();
    const restarts = async () => (await readRecords(directory, () => undefined))[0]?.state.restarts;
    expect(await restarts()).toBe(1);
    rmSync(join(directory, 'a.json.new'), { recursive: true, force: true });
    await until(async () => (await restarts()) === 2, 'it is written');
    expect(faults.length).toBeGreaterThan(0);
  });
});
