// Reads the rows of the two tables whose every row must have been seen broken.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');

export interface Promised {
  /** The first cell: what is promised. */
  readonly row: string;
  /** The tests that the last cell names. */
  readonly tests: readonly string[];
}

export function promisedRows(): Promised[] {
  return [
    ...rowsBelow('architecture.md', '## Guarantees, and where each is tested'),
    ...rowsBelow('protocol.md', '## When something is wrong'),
  ];
}

/** The row that begins with these words. */
export function rowOf(words: string, rows: readonly Promised[]): Promised {
  const found = rows.filter(({ row }) => row.startsWith(words));
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw new Error(`${found.length} rows of the tables begin with ${JSON.stringify(words)}, and not one`);
  return only;
}

function rowsBelow(page: string, heading: string): Promised[] {
  const text = readFileSync(join(ROOT, 'docs', page), 'utf8');
  const [, section = ''] = text.split(`${heading}\n`);
  const [table = ''] = section.split('\n## ', 1);
  const [, , ...lines] = table.split('\n').filter((line) => line.startsWith('|'));
  return lines.map((line) => {
    const cells = line.split('|').map((cell) => cell.trim());
    const tests = [...(cells.at(-2) ?? '').matchAll(/`([^`]+)`/g)].map(([, test = '']) => test);
    return { row: cells[1] ?? '', tests };
  });
}
