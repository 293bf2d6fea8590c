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
  /** See {@link Written.generation}. */
  readonly generation: number;
}

interface Begun extends Omit<WrittenLine, 'line'> {
  /** The bytes, each as the character of its number. */
  readonly text: string;
  /** Whether lines were skipped since: its end may be one of theirs. */
  readonly counted: boolean;
}

/** A line of a raw log goes on in another event when it is this long; the keeper cuts lines of records itself. */
const MAX_LINE = 256 * 1024;
/** The end of a text that must not be cut off from its continuation: a character of several bytes, and the `\r` of a `\r\n`. */
const INDIVISIBLE = /(?:[\xC2-\xF4][\x80-\xBF]{0,3}|\r)$/;

/** The lines of one app. */
export class WrittenLines {
  /** By the stream of a raw log; records have one file for both. */
  readonly #begun = new Map<Stream | null, Begun>();
  /** The streams of which something may be missing that nothing tells. */
  readonly #unsure = new Set<Stream | null>();

  /** The keeper has ended: written text may have been lost on its way. */
  interrupt(): void {
    for (const stream of this.#begun.keys()) this.#unsure.add(stream);
  }

  /** The lines, and how many line ends belong to none: they, or the beginnings of their lines, were skipped. */
  take(written: Written): { lines: WrittenLine[]; skipped: number } {
    const { stream, text, end, generation, skipped } = written;
    if (skipped > 0) for (const [of, begun] of this.#begun) this.#begun.set(of, { ...begun, counted: true });
    const lines: WrittenLine[] = [];
    if (text === '') return { lines, skipped };
    let whole = this.#goOn(written, lines);
    let lost = skipped;
    for (let at = 0; at < text.length;) {
      const newline = text.indexOf('\n', at);
      const part = text.slice(at, newline < 0 ? text.length : newline);
      at = newline < 0 ? text.length : newline + 1;
      const line = this.#with(stream, part, whole, { end: end - (text.length - at), generation });
      if (newline < 0) {
        if (line !== undefined) this.#begin(stream, line, lines);
        else this.#unsure.add(stream);
        continue;
      }
      whole = true;
      this.#begun.delete(stream);
      if (line === undefined) lost += 1;
      else lines.push(lineOf(line));
    }
    return { lines, skipped: lost };
  }

  /** Whether the text goes on with what was begun, or begins a line. A line that was begun and does not go on is handed on. */
  #goOn({ stream, text, end, begins, gap }: Written, lines: WrittenLine[]): boolean {
    const unsure = this.#unsure.delete(stream);
    const begun = this.#begun.get(stream);
    // It begins where the text before it ended: nothing is missing.
    const follows = begun !== undefined && begun.end === end - text.length;
    if (!begins && (unsure ? follows : !gap)) return true;
    this.#begun.delete(stream);
    if (begins && begun?.counted === false) lines.push(lineOf(begun));
    return begins;
  }

  #begin(stream: Stream | null, line: Begun, lines: WrittenLine[]): void {
    if (stream === null || line.text.length < MAX_LINE) {
      this.#begun.set(stream, line);
      return;
    }
    const { text: all, counted: _, ...piece } = line;
    const text = INDIVISIBLE.exec(all.slice(-4))?.[0] ?? '';
    const bytes = Buffer.from(all.slice(0, all.length - text.length), 'latin1');
    lines.push({ ...piece, line: bytes.toString('utf8'), end: line.end - text.length });
    this.#begun.set(stream, { ...line, text, continued: true, counted: false });
  }

  /** The line that this part begins or goes on with; undefined when its beginning is not known. */
  #with(
    stream: Stream | null,
    part: string,
    atLineStart: boolean,
    where: Pick<WrittenLine, 'end' | 'generation'>,
  ): Begun | undefined {
    const begun = this.#begun.get(stream);
    if (begun !== undefined) return { ...begun, ...where, text: begun.text + part };
    const fresh = { ...where, continued: false, counted: false };
    if (stream !== null) return atLineStart ? { ...fresh, stream, time: null, text: part } : undefined;
    const header = parseHeader(Buffer.from(part.slice(0, HEADER_LENGTH), 'latin1'));
    if (header === undefined) return undefined;
    const { source, time, continued } = header;
    const text = part.slice(HEADER_LENGTH);
    return source === 'bunctl'
      ? { ...fresh, stream: 'stderr', time, text: `bunctl: ${text}` }
      : { ...fresh, stream: source, time, continued, text };
  }
}

function lineOf({ stream, text, time, continued, end, generation }: Begun): WrittenLine {
  const whole = Buffer.from(text, 'latin1').toString('utf8');
  return {
    stream,
    line: whole.endsWith('\r') ? whole.slice(0, -1) : whole,
    time,
    continued,
    end,
    generation,
  };
}
