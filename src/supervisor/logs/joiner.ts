// Makes lines of rows: what goes on with an earlier row is joined to it, and the line stands where it began.
import { LONGEST, type LogLine } from './log-line.js';
import type { Source } from './record.js';
import type { Row } from './rows.js';
import { lineText } from './tail.js';

/** The log's writer goes on in another record after this many bytes of a line. */
const CUT = 256 * 1024;
/** How many lines, and how many bytes of them, wait at most for the rest of a line before them. */
const MAX_WAITING = 1000;
const MAX_WAITING_BYTES = 2 * LONGEST;

interface Started {
  first: Row;
  readonly texts: Buffer[];
  length: number;
  last: Row;
  generation: number;
  whole: boolean;
}

function lineOf({ first, texts, last, generation }: Started): LogLine {
  const { time, at, source } = first;
  const text = lineText(texts.length === 1 ? (texts[0] as Buffer) : Buffer.concat(texts));
  return { time, at, source, text, end: last.end, generation };
}

/** Joins rows in the order of the file. */
export class Joiner {
  readonly #atStart: boolean;
  /** Lines in order that are not handed on yet. */
  #waiting: Started[] = [];
  #bytes = 0;
  readonly #last = new Map<Source, Started>();

  /** @param atStart Whether the rows come from the beginning of the log: otherwise the rest of a line is left out whose beginning is not among them. */
  constructor(atStart: boolean) {
    this.#atStart = atStart;
  }

  /** Whether lines wait for what may follow. */
  get waits(): boolean {
    return this.#waiting.length > 0;
  }

  /** Returns the lines that are whole now, in order. */
  add(rows: readonly Row[], generation: number): LogLine[] {
    const lines: LogLine[] = [];
    for (const row of rows) {
      this.#addRow(row, generation);
      if (this.#waiting.length > MAX_WAITING || this.#bytes > MAX_WAITING_BYTES) {
        const [head] = this.#waiting;
        if (head) head.whole = true;
        lines.push(...this.#whole());
      }
    }
    lines.push(...this.#whole());
    return lines;
  }

  /** No row has come after these yet. A line that ends with a newline which no other record follows was ended by the app. */
  settle(): LogLine[] {
    const newest = this.#waiting.at(-1);
    if (newest?.last.ended && newest.last.text.length < CUT) newest.whole = true;
    return this.#whole();
  }

  /** Hands on all lines. */
  flush(): LogLine[] {
    for (const line of this.#waiting) line.whole = true;
    return this.#whole();
  }

  #addRow(row: Row, generation: number): void {
    const { source, continued, text } = row;
    const last = this.#last.get(source);
    if (continued && !last && !this.#atStart) return;
    // Only the end of a line that was handed on before it had one.
    if (continued && last?.whole && lineText(text) === '') return;
    this.#bytes += text.length;
    if (continued && last && !last.whole && last.length + text.length <= LONGEST) {
      last.texts.push(text);
      last.length += text.length;
      Object.assign(last, { last: row, generation });
      return;
    }
    if (last) last.whole = true;
    const line = { first: row, texts: [text], length: text.length, last: row, generation, whole: false };
    this.#last.set(source, line);
    this.#waiting.push(line);
  }

  #whole(): LogLine[] {
    const open = this.#waiting.findIndex(({ whole }) => !whole);
    const done = this.#waiting.splice(0, open < 0 ? this.#waiting.length : open);
    for (const { length } of done) this.#bytes -= length;
    return done.map(lineOf);
  }
}

/** Joins rows that come from the end of the log on. */
export class BackwardJoiner {
  /** What goes on with a row that has not come yet, the last one first. */
  readonly #rests = new Map<Source, Started>();

  /** Takes rows in the order of the file, and returns lines in the opposite order. */
  add(rows: readonly Row[], generation: number): LogLine[] {
    const lines: LogLine[] = [];
    for (const row of rows.toReversed()) {
      const { source, text } = row;
      const rest = this.#rests.get(source);
      const fits = rest !== undefined && rest.length + text.length <= LONGEST;
      if (rest && !fits) lines.push(this.#take(rest));
      const line: Started = fits
        ? rest
        : { first: row, texts: [], length: 0, last: row, generation, whole: true };
      line.first = row;
      line.texts.push(text);
      line.length += text.length;
      if (row.continued) this.#rests.set(source, line);
      else lines.push(this.#take(line));
    }
    return lines;
  }

  /** The log begins here: what waits for its beginning is handed on as it is. */
  flush(): LogLine[] {
    return [...this.#rests.values()].map((rest) => this.#take(rest));
  }

  #take(line: Started): LogLine {
    this.#rests.delete(line.first.source);
    line.texts.reverse();
    return lineOf(line);
  }
}
