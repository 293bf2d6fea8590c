// What people and programs see: data on stdout, talk on stderr, colour only for eyes.
import { stripVTControlCharacters, styleText } from 'node:util';

/** A reader that has seen enough, `| head` for one, ends us quietly. */
export function quietPipes(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
}

/** Data: one line on stdout. Resolves when there is room for more. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Resolves when stdout has room again: who prints a flood waits for its reader. */
export function printed(): Promise<void> {
  if (!process.stdout.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => process.stdout.once('drain', resolve));
}

/** Talk: one line on stderr. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2));

type Style = Parameters<typeof styleText>[0];

function coloured(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR: none, FORCE_COLOR: force } = process.env;
  if (none !== undefined && none !== '') return false;
  return stream.isTTY || (force !== undefined && force !== '0');
}

/** Coloured when stdout is a terminal; see no-color.org. */
export function style(how: Style, text: string): string {
  return coloured(process.stdout) ? styleText(how, text, { validateStream: false }) : text;
}

/** A line of an app or a daemon, safe for a terminal: its control characters do nothing. */
export function harmless(text: string): string {
  return process.stdout.isTTY
    ? // eslint-disable-next-line no-control-regex -- those are what is looked for
      stripVTControlCharacters(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '�')
    : text;
}

/** Rows under headings, each column as wide as its widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => stripVTControlCharacters(row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map(
          (cell, column) => cell + ' '.repeat((widths[column] ?? 0) - stripVTControlCharacters(cell).length),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
