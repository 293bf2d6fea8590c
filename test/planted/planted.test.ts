// Each row of the tables of guarantees and of bad input has a fault that was seen to break it; the faults still apply.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROWS } from '../../planted/rows/index.js';
import { promisedRows, ROOT, rowOf } from '../../planted/tables.js';
import { changed } from '../../simulation/build/change.js';

/** What `npm run chaos` tries with the daemon as a separate process, for minutes. */
const CAMPAIGNS = new Set(['chaos']);

const promised = promisedRows();
const faults = ROWS.flatMap(({ row, faults: own }) => own.map((fault) => ({ row, ...fault })));

describe('the planted faults', () => {
  test('are of rows of the tables, and each row has one, or says why it has none', () => {
    const named = ROWS.map(({ row }) => rowOf(row, promised).row);
    expect(named.toSorted()).toEqual(promised.map(({ row }) => row).toSorted());
    for (const { row, faults: own, reason } of ROWS)
      expect([row, own.length > 0]).toEqual([row, reason === undefined]);
  });

  test('can still be planted: the text of each is in its file once', () => {
    const gone = faults.flatMap((fault) => {
      try {
        const before = readFileSync(join(ROOT, 'dist', fault.file), 'utf8');
        return changed(before, fault) === before ? [`${fault.fault}: it changes nothing`] : [];
      } catch (error) {
        return [`${fault.fault}: ${(error as Error).message}`];
      }
    });
    expect(gone).toEqual([]);
  });

  test('must be noticed by tests that their rows name', () => {
    const others = faults.filter(({ row, test: name }) => {
      const named = rowOf(row, promised).tests.some((each) => name === each || name.startsWith(`${each}/`));
      return !named || !existsSync(join(ROOT, 'test', `${name}.test.ts`));
    });
    expect(others.map(({ row, test: name }) => `${row}: ${name}`)).toEqual([]);
  });

  test('reach each test that a row names, save campaigns that are not tests', () => {
    const unseen = promised.flatMap(({ row, tests }) => {
      const own = faults.filter((fault) => rowOf(fault.row, promised).row === row);
      return tests
        .filter((name) => !CAMPAIGNS.has(name))
        .filter((name) => !own.some(({ test: seen }) => seen === name || seen.startsWith(`${name}/`)))
        .map((name) => `${row}: ${name}`);
    });
    expect(unseen).toEqual([]);
  });
});
