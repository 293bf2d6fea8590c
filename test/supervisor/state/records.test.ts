// The records that a former daemon wrote.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readRecords } from '#dist/supervisor/state/record-files.js';
import { checkedRecords } from '#dist/supervisor/state/records.js';
import { temporaryDirectory } from '../../support/daemon.js';

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
});
