// The records that a former daemon wrote.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readOwnFile } from '#dist/supervisor/state/own-files.js';
import { readRecords } from '#dist/supervisor/state/record-files.js';
import { checkedRecords } from '#dist/supervisor/state/records.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { orFail } from '../../support/or-fail.js';

describe('records', () => {
  const config = { name: 'a', command: 'x' };
  const state = { status: 'Stopped', wanted: 'stopped' };
  const record = { version: 1, id: 'a', config, state, nonce: 'n', process: null };

  test('of an older version are completed', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'a.json'), JSON.stringify(record));
    const onFault = (_file: string, error: Error): void => {
      throw error;
    };
    expect(await checkedRecords(directory, onFault)).toMatchObject([
      {
        environment: null,
        state: { restarts: 0, restarting: false, lastError: null },
        config: { args: [], auto_start: false },
      },
    ]);
  });

  test('of an older version keep a variable that is refused now: its app may run', async () => {
    const directory = temporaryDirectory();
    const older = { ...record, config: { ...config, env: { 'A=B': 'x' } } };
    writeFileSync(join(directory, 'a.json'), JSON.stringify(older));
    const faults: string[] = [];
    expect(await checkedRecords(directory, (file) => void faults.push(file))).toMatchObject([
      { config: { env: { 'A=B': 'x' } } },
    ]);
    expect(faults).toEqual([]);
  });

  test.each<[string, string]>([
    ['that is cut', JSON.stringify(record).slice(0, -5)],
    ['of another version', JSON.stringify({ ...record, version: 2 })],
    ['of another app', JSON.stringify({ ...record, id: 'b' })],
    ['without a configuration', JSON.stringify({ ...record, config: {} })],
    ['with an invalid state', JSON.stringify({ ...record, state: {} })],
  ])('a file %s is put aside and reported, and not overwritten', async (_what, text) => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'a.json'), text);
    const faults: string[] = [];
    expect(await checkedRecords(directory, (file) => void faults.push(file))).toEqual([]);
    expect(faults).toEqual([join(directory, 'a.json')]);
    expect(readFileSync(join(directory, 'a.json.bad'), 'utf8')).toBe(text);
    expect(existsSync(join(directory, 'a.json'))).toBe(false);
  });

  test('are read as they are; a file that is not a record is reported and left untouched', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'broken.json'), '{"ver');
    writeFileSync(join(directory, 'other.json'), '{}');
    const faults: string[] = [];
    expect(await readRecords(directory, (file) => void faults.push(file))).toEqual([]);
    expect(faults).toHaveLength(2);
    expect(readFileSync(join(directory, 'broken.json'), 'utf8')).toBe('{"ver');
  });

  const failing = (code: string) =>
    Object.assign(new Error(`${code}: the system failed, open`), { code, errno: -1, syscall: 'open' });

  test.each(['EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ESTALE', 'ETIMEDOUT'])(
    'that the system fails to read with %s keep their names, and the daemon does not start without them',
    async (code) => {
      const directory = temporaryDirectory();
      const file = join(directory, 'a.json');
      writeFileSync(file, JSON.stringify(record));
      const faults: string[] = [];
      let [tries, slept] = [0, 0];
      const reading = {
        read: () => {
          tries += 1;
          return Promise.reject(failing(code));
        },
        sleep: (ms: number) => {
          slept += ms;
          return Promise.resolve();
        },
      };
      const read = checkedRecords(directory, (path) => void faults.push(path), reading);
      await expect(read).rejects.toThrow(expect.objectContaining({ code: 'ENDPOINT_UNUSABLE' }) as Error);
      await expect(read).rejects.toThrow(`${file} (${code}: the system failed, open)`);
      expect([faults, readdirSync(directory)]).toEqual([[], ['a.json']]);
      expect([tries, slept]).toEqual([4, 750]);
    },
  );

  test('that the system fails to read for a moment are read', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'a.json'), JSON.stringify(record));
    const answers = [failing('EMFILE'), failing('EIO')];
    const reading = {
      read: (path: string) => {
        const error = answers.shift();
        return error ? Promise.reject(error) : readOwnFile(path);
      },
      sleep: () => Promise.resolve(),
    };
    const records = await checkedRecords(directory, orFail, reading);
    expect([records.map(({ id }) => id), answers]).toEqual([['a'], []]);
  });

  test.each(['EACCES', 'EPERM', 'ELOOP', 'EISDIR'])(
    'that may not be read, with %s, are put aside at once',
    async (code) => {
      const directory = temporaryDirectory();
      writeFileSync(join(directory, 'a.json'), JSON.stringify(record));
      const faults: string[] = [];
      const reading = {
        read: () => Promise.reject(failing(code)),
        sleep: () => Promise.reject(failing('sleep')),
      };
      expect(await checkedRecords(directory, (path) => void faults.push(path), reading)).toEqual([]);
      expect([faults, readdirSync(directory)]).toEqual([[join(directory, 'a.json')], ['a.json.bad']]);
    },
  );
});
