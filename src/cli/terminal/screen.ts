// A screen that is drawn again and again in its place: never more than fits, so that nothing goes into the scrollback.
import { write } from './output.js';

/** The size that is assumed for a terminal that does not tell it. */
const [COLUMNS, ROWS] = [80, 24];

/**
 * Draws lines from the top of the screen on, and a last line that is always there. What does not fit is left out.
 *
 * @param size The terminal's size; its own, unless a test gives another one.
 */
export function drawScreen(
  text: string,
  last: string,
  { columns, rows }: { readonly columns?: number; readonly rows?: number } = process.stdout,
): void {
  const lines = text.split('\n');
  // The cursor takes a row after the last one.
  const room = Math.max((rows || ROWS) - 2, 1);
  const shown = lines.length <= room ? lines : lines.slice(0, room - 1);
  const hidden = lines.length - shown.length;
  const all = [...shown, ...(hidden > 0 ? [`… ${hidden} more lines do not fit`] : []), last];
  const fitting = all.map((line) => cut(line, columns || COLUMNS)).join('\n');
  // Home, then erase what is below: the screen does not flicker. A line with wide characters goes on in no other row.
  write(`\x1b[H\x1b[J\x1b[?7l${fitting}\x1b[?7h\n`);
}

/** The first characters of a line. Sequences that set colours take no room, and are kept. */
function cut(line: string, columns: number): string {
  let room = columns;
  // oxlint-disable-next-line no-control-regex -- control characters are what is searched for
  return line.replace(/(\u001b\[[\d;:]*m)|./gsu, (part, colour?: string) =>
    colour !== undefined || room-- > 0 ? part : '',
  );
}
