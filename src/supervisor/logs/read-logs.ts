// The last lines of an app's log as the wire has them, with what tells them from the lines of events.
import type { Stream } from '../state/paths.js';
import { type AppLog, endsInRecords } from './app-log.js';
import { newestFirst } from './history.js';
import type { LogLine } from './log-line.js';
import type { Source } from './record.js';
import type { LogSnapshot } from './snapshot.js';

/** A line of both streams. */
export interface WireLine {
  /** Milliseconds since the epoch; null for a line without a time. */
  readonly time: number | null;
  /** `bunctl` for what bunctl says about the log. */
  readonly stream: Source;
  readonly line: string;
}

/** The figures that tell the lines of an app's events from those of its answer. */
export interface EventGenerations {
  /** The generations of the plain files that the app prints straight into; null for other apps. */
  readonly follower: Readonly<Record<Stream, number>> | null;
  /** The generation of the log that the keeper writes; null when the keeper does not tell it. */
  readonly keeper: number | null;
}

/** How much of an answer one app's lines may take, and how far back they are searched for, in bytes. */
export interface LogBounds {
  readonly answer: number;
  readonly lookBack: number;
}

/** The most bytes that a line takes in JSON beside its text: `{"time":1764209411123,"stream":"stdout","line":""},`. */
const AROUND = 56;

/**
 * The last `lines` lines of each stream and of both, as far as they fit.
 *
 * @param raw Whether the app writes plain files, though it may have a log of records from before.
 */
export async function readLogs(
  app: AppLog,
  { follower, keeper }: EventGenerations,
  lines: number,
  bounds: LogBounds,
  raw = !endsInRecords(app),
) {
  const { output, errors, both } = await lastOf(app, lines, bounds.lookBack);
  const [stdout, stderr] = app.raw;
  const size = ({ current }: LogSnapshot): number => current?.size ?? 0;
  const generation = keeper ?? app.records.generation;
  const end = size(app.records);
  return {
    output: fitting(output, bounds.answer / 4, 3, text),
    errors: fitting(errors, bounds.answer / 4, 3, text),
    /** Both streams in the order of printing. Plain files have no order: those of stdout come first then. */
    lines: fitting(both, bounds.answer / 2, AROUND, ({ time, source, text: line }): WireLine => ({
      time,
      stream: source,
      line,
    })),
    /**
     * Where the lines end: a `log_line` event whose pair of `generation` and `end` is not greater than the pair of
     * its stream is among them.
     */
    ends: raw ? { stdout: size(stdout), stderr: size(stderr) } : { stdout: end, stderr: end },
    /** They grow when a file of the log is begun, emptied or put aside. */
    generations: raw
      ? (follower ?? { stdout: keeper ?? stdout.generation, stderr: keeper ?? stderr.generation })
      : { stdout: generation, stderr: generation },
  };
}

const text = (line: LogLine): string => line.text;

interface Last {
  output: LogLine[];
  errors: LogLine[];
  both: LogLine[];
}

/** The newest lines, the oldest first. */
async function lastOf(app: AppLog, count: number, lookBack: number): Promise<Last> {
  const last: Last = { output: [], errors: [], both: [] };
  if (count === 0) return last;
  const records = async (): Promise<void> => {
    const add = (list: LogLine[], line: LogLine): void => {
      if (list.length < count) list.push(line);
    };
    await look(app.records, lookBack, (line) => {
      add(last.both, line);
      if (line.source !== 'bunctl') add(line.source === 'stdout' ? last.output : last.errors, line);
      return last.output.length < count || last.errors.length < count || last.both.length < count;
    });
  };
  const plain = async (): Promise<void> => {
    const missing = count - last.both.length;
    const [stdout, stderr] = app.raw;
    for (const [snapshot, list] of [
      [stderr, last.errors],
      [stdout, last.output],
    ] as const) {
      let more = missing;
      await look(snapshot, lookBack, (line) => {
        if (list.length < count) list.push(line);
        if (more > 0) last.both.push(line);
        more -= 1;
        return more > 0 || list.length < count;
      });
    }
  };
  for (const read of endsInRecords(app) ? [records, plain] : [plain, records]) await read();
  return { output: last.output.reverse(), errors: last.errors.reverse(), both: last.both.reverse() };
}

/** Goes back from the end of a log while more lines are wanted, by this many bytes at most. */
async function look(
  snapshot: LogSnapshot,
  lookBack: number,
  wantsMore: (line: LogLine) => boolean,
): Promise<void> {
  let looked = 0;
  for await (const newest of newestFirst(snapshot, {})) {
    looked += newest.looked;
    for (const line of newest.lines) if (!wantsMore(line)) return;
    if (looked >= lookBack) return;
  }
}

/** The last lines that take at most this many bytes in JSON. */
function fitting<T>(
  lines: readonly LogLine[],
  bytes: number,
  around: number,
  shape: (line: LogLine) => T,
): T[] {
  let room = bytes;
  let from = lines.length;
  for (; from > 0; from -= 1) {
    room -= Buffer.byteLength(JSON.stringify(lines[from - 1]?.text)) + around;
    if (room < 0) break;
  }
  return lines.slice(from).map(shape);
}
