// The tests that the docs name exist: each file, and each title that is quoted behind it.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDERS =
  'acceptor|broker|chaos|cli|client|daemon|docs|endpoint|fuzz|model|package|protocol|security|simulation|soak|supervisor|telemetry|transport|workers|writer';
const NAMED = new RegExp(`\`((?:${FOLDERS})/[a-z/-]+)\`((?:,? "[^"|]+")*)`, 'g');

/** The last cell of each row of a table: the tests that hold the row. */
function named(page: string): { file: string; titles: string[] }[] {
  const rows = readFileSync(join(ROOT, 'docs', page), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('|'));
  return rows.flatMap((row) =>
    [...(row.split('|').at(-2) ?? '').matchAll(NAMED)].map(([, file = '', quoted = '']) => ({
      file,
      titles: [...quoted.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title),
    })),
  );
}

describe.each(['architecture.md', 'compared.md', 'protocol.md', 'reliability.md', '../SECURITY.md'])(
  'docs/%s',
  (page) => {
    test.each(named(page))('the tests of $file that it names exist', ({ file, titles }) => {
      const path = join(ROOT, 'test', file);
      if (existsSync(path)) {
        expect(statSync(path).isDirectory()).toBe(true);
        return;
      }
      const text = readFileSync(`${path}.test.ts`, 'utf8');
      for (const title of titles) expect(text).toContain(title);
    });
  },
);
