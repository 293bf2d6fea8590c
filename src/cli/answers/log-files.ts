// Shows and follows the logs of apps from their files: exactly, with a daemon or without one.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  allLines,
  type AppLog,
  endsInRecords,
  idsWithLogs,
  isWanted,
  openAppLogs,
  recentLines,
  type Wanted,
} from '../../supervisor/logs/app-log.js';
import { LogsFollower } from '../../supervisor/logs/follow-logs.js';
import type { LogLine } from '../../supervisor/logs/log-line.js';
import { mergeByTime } from '../../supervisor/logs/merge.js';
import { CliError, EXIT } from '../terminal/exit.js';
import { canPrint, printJson, say } from '../terminal/output.js';
import { LinePrinter, printInitial } from './log-lines.js';
import { inWireShape, type LogsData, type LogsWanted } from './logs-wanted.js';
import type { Logs } from './wire.js';

/** How much text is held in memory, in bytes. */
const MAX_BYTES = 64 * 1024 * 1024;
/** How far back the lines of the stream that prints less are searched for, in bytes, when both are wanted. */
const LOOK_BACK = 8 * 1024 * 1024;
/** How much of the files is read at a time, of all apps together, in bytes. */
const BLOCKS = 16 * 1024 * 1024;
const BLOCK = 256 * 1024;
/** How long, in ms, lines of the time that ends now may still come. */
const LATE = 1500;

/** Shows what the files hold. Returns whether any app has files. */
export async function showFiles(state: string, ids: readonly string[], wanted: LogsWanted): Promise<void> {
  let logs: readonly AppLog[] = [];
  try {
    logs = await openAppLogs(state, ids);
    if (wanted.json) printJson(await inJson(logs, wanted));
    else await printHistory(logs, wanted, logs.length > 1);
  } catch (error) {
    throw unreadable(state, error);
  } finally {
    await Promise.all(logs.map((log) => log.close()));
  }
}

/** Shows what the files hold, then each line that comes: until Ctrl-C, until stdout is closed, or until the time that is wanted is over. */
export async function followFiles(
  state: string,
  ids: readonly string[] | null,
  history: readonly string[],
  wanted: LogsWanted,
): Promise<void> {
  const follower = new LogsFollower(state, ids);
  try {
    const others = ids === null ? (await idsWithLogs(state)).filter((id) => !history.includes(id)) : [];
    const logs = await openAppLogs(state, history, { wholeLines: true });
    if (wanted.json) printInitial(await inJson(logs, wanted));
    else await printHistory(logs, wanted, ids?.length !== 1);
    // An app that the daemon does not know, and that may be started again.
    for (const log of [...logs, ...(await openAppLogs(state, others, { wholeLines: true }))])
      follower.follow(log);
    const { until } = wanted.wanted;
    if (until !== undefined) closeAt(follower, until);
    // Its end closes the files, too.
    if (!canPrint()) follower.close();
    const printer = new LinePrinter(wanted, ids?.length !== 1);
    const passes = isWanted(wanted.wanted);
    for await (const { app, lines, lost } of follower.lines()) {
      if (lost) say(`… lines of ${app} are missing: their file was removed before it was read`);
      const taken = printer.lines(app, lines.filter(passes));
      if (!printer.flush() || !taken) return;
    }
  } catch (error) {
    throw unreadable(state, error);
  } finally {
    // Its watch would keep the process after a failure.
    follower.close();
  }
}

/** What is said of a failure of the system to read logs: where they are, and what can be done. */
function unreadable(state: string, cause: unknown): unknown {
  const { code, syscall, message } = cause as NodeJS.ErrnoException;
  if (syscall === undefined) return cause;
  const advice =
    code === 'EMFILE' ? '. Raise the limit of open files (ulimit -n), or name some of the apps' : '';
  return new CliError(EXIT.failed, `The log files in ${state} cannot be read: ${message}${advice}`, {
    cause,
  });
}

function closeAt(follower: LogsFollower, until: number): void {
  const LONGEST_TIMER = 2 ** 31 - 1;
  const wait = Math.min(Math.max(0, until + LATE - Date.now()), LONGEST_TIMER);
  sleep(wait, undefined, { ref: false }).then(
    () => (wait < LONGEST_TIMER ? follower.close() : closeAt(follower, until)),
    () => undefined,
  );
}

async function printHistory(logs: readonly AppLog[], wanted: LogsWanted, withNames: boolean): Promise<void> {
  const printer = new LinePrinter(wanted, withNames);
  const cut: string[] = [];
  const apps = [];
  for (const log of logs) {
    const batches =
      wanted.lines === undefined
        ? allLines(log, wanted.wanted, Math.min(BLOCK, Math.ceil(BLOCKS / logs.length)))
        : only(await recent(log, wanted.lines, wanted.wanted, MAX_BYTES / logs.length, cut));
    apps.push({ app: log.id, batches });
  }
  for await (const { app, lines } of mergeByTime(apps)) if (!printer.lines(app, lines)) break;
  printer.flush();
  for (const id of cut)
    say(
      `Not all of the lines of ${id} that were asked for fit in memory; --since shows all lines from a time on`,
    );
}

async function* only(lines: readonly LogLine[]): AsyncGenerator<readonly LogLine[]> {
  yield lines;
}

async function recent(
  log: AppLog,
  count: number,
  wanted: Wanted,
  most: number,
  cut: string[],
): Promise<readonly LogLine[]> {
  const found = await recentLines(log, count, wanted, most);
  if (found.cut) cut.push(log.id);
  return found.lines;
}

/** The logs in the shape of the wire. */
async function inJson(
  logs: readonly AppLog[],
  { names, lines = Infinity, wanted }: LogsWanted,
): Promise<LogsData> {
  const cut: string[] = [];
  const most = MAX_BYTES / 3 / Math.max(1, logs.length);
  const apps: (readonly [string, Logs])[] = [];
  for (const log of logs) {
    const of = async (stream: 'stdout' | 'stderr'): Promise<string[]> => {
      if (wanted.stream !== undefined && wanted.stream !== stream) return [];
      const lookBack = wanted.stream === undefined ? LOOK_BACK : undefined;
      const found = await recent(log, lines, { ...wanted, stream, lookBack, withoutNotes: true }, most, cut);
      return found.map(({ text }) => text);
    };
    const both = await recent(log, lines, wanted, most, cut);
    apps.push([
      log.id,
      {
        output: await of('stdout'),
        errors: await of('stderr'),
        ...positions(log),
        lines: both.map(({ time, source: stream, text: line }) => ({ time, stream, line })),
      },
    ]);
  }
  for (const id of new Set(cut)) say(`Not all of the lines of ${id} that were asked for fit in memory`);
  return inWireShape(names, apps);
}

function positions(log: AppLog): Pick<Logs, 'ends' | 'generations'> {
  const [stdout, stderr] = log.raw.map(({ current }) => current?.size ?? 0) as [number, number];
  if (!endsInRecords(log)) return { ends: { stdout, stderr } };
  const { current, generation } = log.records;
  const end = current?.size ?? 0;
  return { ends: { stdout: end, stderr: end }, generations: { stdout: generation, stderr: generation } };
}
