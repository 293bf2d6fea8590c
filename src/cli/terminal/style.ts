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

/** Sequences that set colours: `ESC [ numbers m`. */
// oxlint-disable-next-line no-control-regex -- control characters are what is searched for
const COLOURS = /\u001b\[[\d;:]*m/g;

/**
 * Makes a line of an app or a daemon safe to print. Sequences that move the cursor, set titles or do anything else than
 * colour are removed, and so are colours if stdout shows none. If a line rewrites itself with carriage returns, its
 * last version is kept. Other control characters become visible.
 */
export function harmless(text: string): string {
  const last = text.replace(/\r+$/, '').replace(/^.*\r/s, '');
  if (!coloured()) return withoutControls(last);
  const parts = last.split(COLOURS).map(withoutControls);
  const colours = last.match(COLOURS) ?? [];
  const whole = parts.map((part, index) => part + (colours[index] ?? '')).join('');
  // A colour that the line does not end would colour the text after it.
  return colours.length > 0 ? `${whole}\u001b[0m` : whole;
}

/** Makes plain text: no control sequences, and no control characters but tabs. */
function withoutControls(text: string): string {
  return (
    stripVTControlCharacters(text)
      // oxlint-disable-next-line no-control-regex -- control characters are what is searched for
      .replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, '�')
  );
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
