// The lines of a file of a log as they stand there. A line that was interrupted is several of these rows.
import type { Stream } from '../state/paths.js';
import { LONGEST } from './log-line.js';
import { parseHeader, HEADER_LENGTH, type Source } from './record.js';
import type { Block } from './segment-file.js';
import { NEWLINE } from './tail.js';

/** A log of records, or of the plain lines of one stream. */
export type Kind = 'records' | Stream;

export interface Row {
  /** Milliseconds since the epoch; null for a line that is not a record. */
  readonly time: number | null;
  /** Its time, or else that of the row before it; see {@link fillTimes}. */
  at: number;
  readonly source: Source;
  /** Whether it goes on with the last row of the same source. */
  readonly continued: boolean;
  readonly text: Buffer;
  /** Whether a newline ends it. */
  readonly ended: boolean;
  /** The offset in its file at which it ends, in bytes. */
  readonly end: number;
}

function rowOf(line: Buffer, kind: Kind, end: number, ended: boolean): Row {
  const header = kind === 'records' ? parseHeader(line) : undefined;
  if (header) {
    const { time, source, continued } = header;
    return { time, at: time, source, continued, text: line.subarray(HEADER_LENGTH), ended, end };
  }
  const source = kind === 'records' ? 'stdout' : kind;
  return { time: null, at: NaN, source, continued: false, text: line, ended, end };
}

/** Makes rows of bytes that come in order. */
export class RowSplitter {
  readonly #kind: Kind;
  #rest: Buffer = Buffer.alloc(0);
  /** The row that was handed on before its end. */
  #under: Row | undefined;

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  /** The rows that end in these bytes, which begin at this offset of the file. */
  add(bytes: Buffer, offset: number): Row[] {
    const all = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    const start = offset - this.#rest.length;
    const rows: Row[] = [];
    let from = 0;
    for (let end = all.indexOf(NEWLINE); end >= 0; end = all.indexOf(NEWLINE, from)) {
      rows.push(this.#row(all.subarray(from, end), start + end + 1, true));
      from = end + 1;
    }
    this.#rest = all.subarray(from);
    if (this.#rest.length > LONGEST) rows.push(...this.end(start + all.length));
    return rows;
  }

  /** What has no newline yet is handed on; what follows it continues it. */
  end(offset: number): Row[] {
    if (this.#rest.length === 0) return [];
    const row = this.#row(this.#rest, offset, false);
    this.#rest = Buffer.alloc(0);
    return [row];
  }

  #row(line: Buffer, end: number, ended: boolean): Row {
    const under = this.#under;
    const row = under
      ? { ...under, continued: true, text: line, ended, end }
      : rowOf(line, this.#kind, end, ended);
    this.#under = ended ? undefined : row;
    return row;
  }
}

/** All rows of a file, a block at a time. */
export async function* rowsForward(blocks: AsyncIterable<Block>, kind: Kind): AsyncGenerator<Row[]> {
  const splitter = new RowSplitter(kind);
  let end = 0;
  for await (const { bytes, offset } of blocks) {
    end = offset + bytes.length;
    yield splitter.add(bytes, offset);
  }
  yield splitter.end(end);
}

/** The rows of a file from its end on: the last ones first, those of one yield in the order of the file. */
export async function* rowsBackward(blocks: AsyncIterable<Block>, kind: Kind): AsyncGenerator<Row[]> {
  // The rows of a line that begins before it.
  let carry: Buffer = Buffer.alloc(0);
  for await (const { bytes, offset } of blocks) {
    const all = carry.length > 0 ? Buffer.concat([bytes, carry]) : bytes;
    const head = offset === 0 ? 0 : all.indexOf(NEWLINE) + 1;
    if (offset > 0 && (head === 0 || head === all.length)) {
      if (all.length <= LONGEST) carry = all;
      else {
        carry = Buffer.alloc(0);
        yield rowsOf(all, offset, kind).map((row) => ({ ...row, continued: true }));
      }
      continue;
    }
    carry = all.subarray(0, head);
    yield rowsOf(all.subarray(head), offset + head, kind);
  }
}

function rowsOf(bytes: Buffer, offset: number, kind: Kind): Row[] {
  const splitter = new RowSplitter(kind);
  return [...splitter.add(bytes, offset), ...splitter.end(offset + bytes.length)];
}

/**
 * Gives rows without a time that of the row before them; the first ones get the time that is known so far, or else that
 * of the first row that has one. Returns the time of the last row.
 */
export function fillTimes(rows: readonly Row[], known: number): number {
  let last = Number.isNaN(known) ? (rows.find(({ time }) => time !== null)?.time ?? NaN) : known;
  for (const row of rows) {
    if (row.time === null) row.at = last;
    else last = row.time;
  }
  return last;
}
