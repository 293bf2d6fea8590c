// The whole log of an app: one file of records, or plain files of both streams; after an upgrade the one after the other.
import { idOfFile } from '../model/file-name.js';
import { stateFiles, type Stream } from '../state/paths.js';
import { newestFirst, oldestFirst } from './history.js';
import type { LogLine, TimeRange } from './log-line.js';
import { allSegments } from './segments.js';
import { type Log, type LogSnapshot, type SnapshotOptions, takeSnapshots } from './snapshot.js';

/** What a line counts beside its text, in bytes: in memory, and as JSON, a short line takes far more than its text. */
const LINE = 16;

/** The logs of an app at one moment. */
export interface AppLog {
  readonly id: string;
  readonly records: LogSnapshot;
  readonly raw: readonly [stdout: LogSnapshot, stderr: LogSnapshot];
  close(): Promise<void>;
}

/** Which lines of a log are wanted. */
export interface Wanted extends TimeRange {
  /** Only those of this stream, and what bunctl says about the log. */
  readonly stream?: Stream | undefined;
  /** Only those with a text that passes. */
  readonly passes?: ((text: string) => boolean) | undefined;
  /** Without what bunctl says about the log. */
  readonly withoutNotes?: boolean | undefined;
  /** How far back the last lines are searched for, in bytes; default: to the beginning. */
  readonly lookBack?: number | undefined;
}

/** The logs in which an app's lines may be. */
export function logsOf(state: string, id: string): [records: Log, stdout: Log, stderr: Log] {
  const [records, stdout, stderr] = stateFiles(state).everyLog(id);
  return [
    { path: records, kind: 'records' },
    { path: stdout, kind: 'stdout' },
    { path: stderr, kind: 'stderr' },
  ];
}

/** The ids of the apps that have log files. */
export async function idsWithLogs(state: string): Promise<string[]> {
  return idsOfLogs(state, (await allSegments(stateFiles(state).logs)).keys());
}

/** The ids of the apps that logs belong to, by the paths of the files that are written. */
export function idsOfLogs(state: string, paths: Iterable<string>): string[] {
  const { logs } = stateFiles(state);
  const ids = Array.from(paths, (path) => idOfLog(path.slice(logs.length + 1)));
  return [...new Set(ids.filter((id) => id !== undefined))].sort();
}

/** The id of the app that a log belongs to, by the name of its file. */
function idOfLog(name: string): string | undefined {
  const start = /^(.+)\.(?:all|out|err)\.log$/.exec(name)?.[1];
  return start === undefined ? undefined : idOfFile(start);
}

/** Opens the logs of apps as they are now. Close each of them. */
export async function openAppLogs(
  state: string,
  ids: readonly string[],
  options?: SnapshotOptions,
): Promise<AppLog[]> {
  const logs = ids.map((id) => logsOf(state, id));
  const snapshots = await takeSnapshots(stateFiles(state).logs, logs.flat(), options);
  return ids.map((id, index) => {
    const own = snapshots.slice(index * 3, index * 3 + 3);
    const [records, stdout, stderr] = own as [LogSnapshot, LogSnapshot, LogSnapshot];
    const close = async (): Promise<void> => {
      await Promise.all(own.map((snapshot) => snapshot.close()));
    };
    return { id, records, raw: [stdout, stderr], close };
  });
}

/** Whether the records are what the app has printed last; otherwise its plain files are. */
export function endsInRecords({ records, raw }: AppLog): boolean {
  const written = ({ parts }: LogSnapshot): number => parts.at(-1)?.until ?? -Infinity;
  return written(records) >= Math.max(...raw.map(written));
}

/** The logs in order. Between those of one group, there is no order. */
function groups(app: AppLog): (readonly LogSnapshot[])[] {
  const raw = app.raw.filter(({ parts }) => parts.length > 0);
  return endsInRecords(app) ? [raw, [app.records]] : [[app.records], raw];
}

function passing({ stream, passes, withoutNotes }: Wanted): (line: LogLine) => boolean {
  return ({ source, text }) =>
    (source === 'bunctl' ? !withoutNotes : stream === undefined || source === stream) &&
    (passes === undefined || passes(text));
}

/** The last lines that were asked for. */
export interface Recent {
  /** The oldest first. */
  readonly lines: readonly LogLine[];
  /** Whether there may be more, which did not fit the bound. */
  readonly cut: boolean;
}

/**
 * The last `count` lines that are wanted; of plain files the last ones of each stream, stdout first. No more than about
 * `most` bytes of text are held, of which each line counts some more.
 */
export async function recentLines(app: AppLog, count: number, wanted: Wanted, most: number): Promise<Recent> {
  let lines: LogLine[] = [];
  let room = most;
  for (const group of groups(app).reverse()) {
    const missing = count - lines.length;
    if (missing <= 0 || room <= 0) break;
    let found: LogLine[] = [];
    for (const snapshot of group) {
      const taken = await take(snapshot, missing, wanted, most / group.length);
      room -= taken.bytes;
      // As arguments of one call, a million lines would not fit the stack.
      found = found.concat(taken.lines);
    }
    lines = found.concat(lines);
  }
  return { lines, cut: room <= 0 && lines.length < count };
}

async function take(snapshot: LogSnapshot, count: number, wanted: Wanted, most: number) {
  const pass = passing(wanted);
  const lines: LogLine[] = [];
  let bytes = 0;
  let lookBack = wanted.lookBack ?? Infinity;
  for await (const { lines: some, looked } of newestFirst(snapshot, wanted)) {
    for (const line of some) {
      if (lines.length >= count || bytes >= most) break;
      if (!pass(line)) continue;
      lines.push(line);
      bytes += line.text.length + LINE;
    }
    lookBack -= looked;
    if (lines.length >= count || bytes >= most || lookBack <= 0) break;
  }
  return { lines: lines.reverse(), bytes };
}

/**
 * All lines that are wanted, the oldest first; of plain files those of stdout first.
 *
 * @param block How much is read at a time, in bytes.
 */
export async function* allLines(app: AppLog, wanted: Wanted, block?: number): AsyncGenerator<LogLine[]> {
  const pass = passing(wanted);
  for (const group of groups(app))
    for (const snapshot of group)
      for await (const lines of oldestFirst(snapshot, wanted, block)) yield lines.filter(pass);
}

/** Whether a line of an app is among those that are wanted, for lines that are followed. */
export function isWanted(wanted: Wanted): (line: LogLine) => boolean {
  const pass = passing(wanted);
  const { since = -Infinity, until = Infinity } = wanted;
  return (line) => pass(line) && !(line.at < since) && !(line.at > until);
}
