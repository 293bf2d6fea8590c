// The files of the process manager's state: a truth that survives a full disk.
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { AppRecord } from '#dist/supervisor/model/app-record.js';
import { stateDirectory } from '#dist/supervisor/state/paths.js';
import { checkedRecords } from '#dist/supervisor/state/records.js';
import { readRecords, Store } from '#dist/supervisor/state/store.js';
import { temporaryDirectory } from '../support/daemon.js';
import { until } from '../support/until.js';

describe('the truth on disk', () => {
  const record = (n: number): AppRecord =>
    ({ version: 1, id: 'a', config: {}, state: { restarts: n }, nonce: '', process: null }) as never;

  test('is whole, private, and the last version', async () => {
    const directory = temporaryDirectory();
    const store = new Store(
      (id) => join(directory, `${id}.json`),
      () => undefined,
    );
    await Promise.all(Array.from({ length: 50 }, (_, n) => store.save('a', record(n))));
    const [read] = readRecords(directory, () => undefined);
    expect(read?.state.restarts).toBe(49);
    expect(statSync(join(directory, 'a.json')).mode & 0o777).toBe(0o600);
    await store.save('a', null);
    expect(readRecords(directory, () => undefined)).toEqual([]);
  });

  test('is on the disk itself before it takes its name', async () => {
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

  test('keeps its former version when it cannot be written, says so, and is written later', async () => {
    const directory = join(temporaryDirectory(), 'apps');
    mkdirSync(directory);
    const faults: Error[] = [];
    const store = new Store(
      (id) => join(directory, `${id}.json`),
      (error) => faults.push(error),
      20,
    );
    await store.save('a', record(1));
    // A directory in the new version's place: it cannot be written, whoever we are.
    mkdirSync(join(directory, 'a.json.new'));
    await expect(store.save('a', record(2))).rejects.toThrow();
    expect(readRecords(directory, () => undefined)[0]?.state.restarts).toBe(1);
    rmSync(join(directory, 'a.json.new'), { recursive: true, force: true });
    await until(() => readRecords(directory, () => undefined)[0]?.state.restarts === 2, 'it is written');
    expect(faults.length).toBeGreaterThan(0);
  });

  test('leaves out what is no record, and leaves it where it is', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'broken.json'), '{"ver');
    writeFileSync(join(directory, 'other.json'), '{}');
    const faults: string[] = [];
    expect(readRecords(directory, (file) => faults.push(file))).toEqual([]);
    expect(faults).toHaveLength(2);
    expect(readFileSync(join(directory, 'broken.json'), 'utf8')).toBe('{"ver');
  });
});

describe('what a former daemon wrote down', () => {
  const config = { name: 'a', command: 'x' };
  const state = { status: 'Stopped', wanted: 'stopped' };
  const record = { version: 1, id: 'a', config, state, nonce: 'n', process: null };

  test('is completed where a former version wrote less', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'a.json'), JSON.stringify(record));
    const onFault = (_file: string, error: Error): void => {
      throw error;
    };
    expect(checkedRecords(directory, onFault)).toMatchObject([
      { environment: null, state: { restarts: 0, lastError: null }, config: { args: [], auto_start: false } },
    ]);
  });

  test.each<[string, string]>([
    ['that is cut', JSON.stringify(record).slice(0, -5)],
    ['of another version', JSON.stringify({ ...record, version: 2 })],
    ['of another app', JSON.stringify({ ...record, id: 'b' })],
    ['without a configuration', JSON.stringify({ ...record, config: {} })],
    ['with a state that is none', JSON.stringify({ ...record, state: {} })],
  ])('%s is put aside, told, and kept from being written over', (_what, text) => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'a.json'), text);
    const faults: string[] = [];
    expect(checkedRecords(directory, (file) => faults.push(file))).toEqual([]);
    expect(faults).toEqual([join(directory, 'a.json')]);
    expect(readFileSync(join(directory, 'a.json.bad'), 'utf8')).toBe(text);
    expect(existsSync(join(directory, 'a.json'))).toBe(false);
  });
});

test('the state directory is one per named socket, and one for all places of the rule', () => {
  const at = (socket: string, env: Record<string, string>) =>
    stateDirectory(socket, { env, home: '/home/u', places: ['/run/user/7/b.sock', '/tmp/bunctl-7/b.sock'] });
  for (const place of ['/run/user/7/b.sock', '/tmp/bunctl-7/b.sock'])
    expect(at(place, {})).toBe('/home/u/.local/state/bunctl/default');
  expect(at('/s', {})).toMatch(/^\/home\/u\/\.local\/state\/bunctl\/[\da-f]{16}$/);
  expect(at('/s', { XDG_STATE_HOME: '/x' })).toMatch(/^\/x\/bunctl\/[\da-f]{16}$/);
  expect(at('/s', { XDG_STATE_HOME: 'relative' })).toMatch(/^\/home\/u\/\.local/);
  expect(at('/s', { BUNCTL_STATE_DIR: '/b', XDG_STATE_HOME: '/x' })).toMatch(/^\/b\/[\da-f]{16}$/);
  expect(at('/s', {})).not.toBe(at('/t', {}));
});
