// Makes lines of the pieces of a log that the keeper has written. Each line has one end, so each is handed on or counted, once.
import { HEADER_LENGTH, parseHeader } from '../../logs/record.js';
import type { Written } from '../../model/keeper-messages.js';
import type { Stream } from '../../state/paths.js';

/** A line that an app printed, or a sentence of bunctl's about the log, as on stderr. */
export interface WrittenLine {
  readonly stream: Stream;
  readonly line: string;
  /** Milliseconds since the epoch; null in a raw log. */
  readonly time: number | null;
  /** Whether it goes on with an earlier line of its stream, which another line or its length interrupted. */
  readonly continued: boolean;
  /** Where the line ends in its file, in bytes. */
  readonly end: number;
}

type Begun = Pick<WrittenLine, 'stream' | 'time' | 'continued'> & { text: string };

/** The lines of one app. */
export class WrittenLines {
  /** By the stream of a raw log; records have one file for both. */
  readonly #begun = new Map<Stream | null, Begun>();

  /** The whole lines, and how many line ends belong to none: they, or the beginnings of their lines, were skipped. */
  take({ stream, text, end, skipped }: Written): { lines: WrittenLine[]; skipped: number } {
    // What comes next may begin within a line.
    let whole = skipped === 0;
    if (!whole) this.#begun.clear();
    const lines: WrittenLine[] = [];
    let lost = skipped;
    for (let at = 0; at < text.length;) {
      const newline = text.indexOf('\n', at);
      const part = text.slice(at, newline < 0 ? text.length : newline);
      at = newline < 0 ? text.length : newline + 1;
      const line = this.#with(stream, part, whole || lines.length > 0 || lost > skipped);
      whole ||= newline >= 0;
      if (newline < 0) {
        if (line !== undefined) this.#begun.set(stream, line);
        continue;
      }
      this.#begun.delete(stream);
      if (line === undefined) {
        lost += 1;
        continue;
      }
      const { stream: of, time, continued } = line;
      lines.push({ stream: of, line: decoded(line.text), time, continued, end: end - (text.length - at) });
    }
    return { lines, skipped: lost };
  }

  /** The line that this part begins or goes on with; undefined when its beginning is not known. */
  #with(stream: Stream | null, part: string, atLineStart: boolean): Begun | undefined {
    const begun = this.#begun.get(stream);
    if (begun !== undefined) return { ...begun, text: begun.text + part };
    if (stream !== null)
      return atLineStart ? { stream, time: null, continued: false, text: part } : undefined;
    const header = parseHeader(Buffer.from(part.slice(0, HEADER_LENGTH), 'latin1'));
    if (header === undefined) return undefined;
    const { source, time, continued } = header;
    const text = part.slice(HEADER_LENGTH);
    return source === 'bunctl'
      ? { stream: 'stderr', time, continued: false, text: `bunctl: ${text}` }
      : { stream: source, time, continued, text };
  }
}

function decoded(text: string): string {
  const whole = Buffer.from(text, 'latin1').toString('utf8');
  return whole.endsWith('\r') ? whole.slice(0, -1) : whole;
}
