// How text looks on a terminal: colours, tables, and control characters that do nothing.
import { isatty } from 'node:tty';
import { stripVTControlCharacters, styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Whether stdout is a terminal. */
export const onTerminal = (): boolean => isatty(1);

/** Whether stdout shows colours: a terminal does, unless NO_COLOR or FORCE_COLOR says otherwise; see no-color.org. */
function coloured(): boolean {
  const { NO_COLOR: none, FORCE_COLOR: force } = process.env;
  if (none !== undefined && none !== '') return false;
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false';
  return onTerminal();
}

/** Styles text if stdout shows colours. */
export function style(how: Style, text: string): string {
  return coloured() ? styleText(how, text, { validateStream: false }) : text;
}

/** Makes a line of an app or a daemon safe for a terminal: its control characters do nothing. */
export function harmless(text: string): string {
  return onTerminal()
    ? // eslint-disable-next-line no-control-regex -- control characters are what is searched for
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
