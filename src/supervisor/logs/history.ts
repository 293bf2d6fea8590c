// Reads what a log holds, from its end or from a time on, with its files that were put aside. Files are chosen by the times in their names.
import { inRange, type LogLine, SLACK, type TimeRange } from './log-line.js';
import { BackwardJoiner, Joiner } from './joiner.js';
import { fillTimes, type Row, rowsBackward, rowsForward } from './rows.js';
import { HEADER_LENGTH } from './record.js';
import { seek } from './seek.js';
import type { SegmentFile } from './segment-file.js';
import type { LogSnapshot, Part } from './snapshot.js';

/** A part of what was read backwards. */
export interface Newest {
  /** The newest line first. */
  readonly lines: readonly LogLine[];
  /** How many bytes were looked through for it. */
  readonly looked: number;
}

/** Whether a file has only lines before, or only lines after the range. */
const isBefore = ({ latest }: Part, { since }: TimeRange): boolean =>
  since !== undefined && latest + SLACK < since;
const isAfter = ({ after }: Part, { until }: TimeRange): boolean =>
  until !== undefined && after > until + SLACK;

/** The lines of a range, the newest first. */
export async function* newestFirst(snapshot: LogSnapshot, range: TimeRange): AsyncGenerator<Newest> {
  const joiner = new BackwardJoiner();
  const wanted = (line: LogLine): boolean => inRange(line, range);
  for (const part of snapshot.parts.toReversed()) {
    if (isBefore(part, range)) return;
    if (isAfter(part, range)) continue;
    const file = await part.open();
    if (!file) continue;
    try {
      for await (const rows of rowsBackward(
        file.backward(await endOf(file, snapshot, range)),
        kindOf(snapshot),
      )) {
        stamp(rows, snapshot, part, NaN);
        const looked = rows.reduce((sum, row) => sum + lengthOf(row), 0);
        yield { lines: joiner.add(rows, part.after).filter(wanted), looked };
        if (range.since !== undefined && rows.some(({ at }) => at < (range.since ?? 0) - SLACK)) return;
      }
    } finally {
      await file.close();
    }
  }
  yield { lines: joiner.flush().filter(wanted), looked: 0 };
}

/**
 * The lines of a range, the oldest first. What is held in memory is bounded.
 *
 * @param block How much is read at a time, in bytes.
 */
export async function* oldestFirst(
  snapshot: LogSnapshot,
  range: TimeRange,
  block?: number,
): AsyncGenerator<LogLine[]> {
  const wanted = (line: LogLine): boolean => inRange(line, range);
  let joiner: Joiner | undefined;
  for (const [index, part] of snapshot.parts.entries()) {
    if (isBefore(part, range)) continue;
    if (isAfter(part, range)) break;
    const file = await part.open();
    if (!file) continue;
    try {
      const from = await startOf(file, snapshot, range);
      joiner ??= new Joiner(index === 0 && from === 0);
      let last = NaN;
      for await (const rows of rowsForward(file.forward(from, block), kindOf(snapshot))) {
        last = stamp(rows, snapshot, part, last);
        yield joiner.add(rows, part.after).filter(wanted);
        if (range.until !== undefined && last > range.until + SLACK) break;
      }
    } finally {
      await file.close();
    }
  }
  yield joiner?.flush().filter(wanted) ?? [];
}

/** The bytes that a row takes in its file. */
const lengthOf = ({ time, text }: Row): number => text.length + 1 + (time === null ? 0 : HEADER_LENGTH);

const kindOf = ({ log }: LogSnapshot) => log.kind;

/** Lines of a log without times are as old as the time at which their file was put aside, or last written. */
function stamp(rows: readonly Row[], { log }: LogSnapshot, { until }: Part, last: number): number {
  return fillTimes(rows, log.kind === 'records' ? last : until);
}

const isSearchable = (file: SegmentFile, { log }: LogSnapshot): boolean =>
  log.kind === 'records' && !file.compressed;

async function startOf(file: SegmentFile, snapshot: LogSnapshot, { since }: TimeRange): Promise<number> {
  if (since === undefined || !isSearchable(file, snapshot)) return 0;
  return (await seek(file, since - SLACK)).low;
}

async function endOf(
  file: SegmentFile,
  snapshot: LogSnapshot,
  { until }: TimeRange,
): Promise<number | undefined> {
  if (until === undefined || !isSearchable(file, snapshot)) return undefined;
  return (await seek(file, until + SLACK + 1)).high;
}
