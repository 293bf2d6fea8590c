// The last lines that apps printed, from a daemon whose files cannot be read here.
import type { IpcClient } from '../../client/client.js';
import { isWanted, type Wanted } from '../../supervisor/logs/app-log.js';
import type { LogLine } from '../../supervisor/logs/log-line.js';
import { mergeByTime } from '../../supervisor/logs/merge.js';
import { appId } from '../../supervisor/model/app-id.js';
import { stateFiles } from '../../supervisor/state/paths.js';
import { printJson, say } from '../terminal/output.js';
import { LinePrinter } from './log-lines.js';
import { appsOf, inWireShape, type LogsData, type LogsWanted } from './logs-wanted.js';
import { askAnswer, type Logs } from './wire.js';

/** How many lines are asked for where some of them will be left out. */
const MANY = 100_000;

/** Asks for the lines that are wanted. */
export async function readFromDaemon(client: IpcClient, wanted: LogsWanted): Promise<LogsData> {
  if (wanted.names === null) return ask(client, null, wanted);
  const answers = await Promise.all(wanted.names.map((name) => ask(client, name, wanted)));
  return inWireShape(
    wanted.names,
    answers.flatMap((data, index) => appsOf(data).map(([app, logs]) => idAnd(wanted, index, app, logs))),
  );
}

const idAnd = ({ names }: LogsWanted, index: number, app: string, logs: Logs): readonly [string, Logs] => [
  appId(names?.[index] ?? app) ?? app,
  logs,
];

/** Prints logs as people or programs read them. */
export async function printLogs(data: LogsData, wanted: LogsWanted, following = false): Promise<void> {
  if (wanted.json) {
    printJson(data);
    return;
  }
  const apps = appsOf(data);
  if (apps.length === 0) say('No app has printed anything.');
  const several = apps.length > 1 || (following && wanted.names?.length !== 1);
  const printer = new LinePrinter(wanted, several);
  const sources = apps.map(([app, logs]) => ({ app, batches: only(linesOf(logs)) }));
  for await (const { app, lines } of mergeByTime(sources)) printer.lines(app, lines);
  printer.flush();
}

async function* only(lines: readonly LogLine[]): AsyncGenerator<readonly LogLine[]> {
  yield lines;
}

/** The lines of both streams; without their order, those of stdout come first. */
function linesOf({ output, errors, lines }: Logs): LogLine[] {
  const plain = (stream: 'stdout' | 'stderr') => (line: string) => ({ time: null, stream, line });
  const all = lines ?? [...output.map(plain('stdout')), ...errors.map(plain('stderr'))];
  let at = NaN;
  return all.map(({ time, stream: source, line: text }) => {
    at = time ?? at;
    return { time, at, source, text, end: 0, generation: 0 };
  });
}

async function ask(client: IpcClient, name: string | null, shown: LogsWanted): Promise<LogsData> {
  const { lines = MANY, wanted } = shown;
  const some = Object.values(wanted).some((value) => value !== undefined);
  const answer = await askAnswer(client, { Logs: { name, lines: some && lines > 0 ? MANY : lines } });
  const data = answer.data as LogsData;
  if (!some) {
    for (const [app, logs] of appsOf(data)) reportMissing(app, logs, lines, answer.daemon?.state);
    return data;
  }
  const timed = wanted.since !== undefined || wanted.until !== undefined;
  if (timed && appsOf(data).some(([, logs]) => logs.lines === undefined))
    say('This daemon does not say when lines were printed: --since and --until have no effect.');
  const filtered = appsOf(data).map(([app, logs]) => [app, filteredLogs(logs, lines, wanted)] as const);
  const [first] = filtered;
  return data.type === 'single' && first ? { ...data, logs: first[1] } : { type: 'all', apps: filtered };
}

/** The parts of an answer that are wanted. */
function filteredLogs(logs: Logs, count: number, wanted: Wanted): Logs {
  const passes = isWanted(wanted);
  const last = <T>(lines: readonly T[]): readonly T[] => (count === 0 ? [] : lines.slice(-count));
  const both = linesOf(logs).filter(passes);
  const { lines, output, errors, ...positions } = logs;
  if (lines === undefined) {
    const of = (texts: readonly string[], stream: 'stdout' | 'stderr'): readonly string[] =>
      last(
        linesOf({
          output: [],
          errors: [],
          lines: texts.map((line) => ({ time: null, stream, line })),
        }).filter(passes),
      ).map(({ text }) => text);
    return { output: of(output, 'stdout'), errors: of(errors, 'stderr'), ...positions };
  }
  const of = (stream: string): readonly string[] =>
    last(both.filter(({ source }) => source === stream).map(({ text }) => text));
  const shown = last(both).map(({ time, source: stream, text: line }) => ({ time, stream, line }));
  return { output: of('stdout'), errors: of('stderr'), ...positions, lines: shown };
}

/** An answer has a largest size. Says so if it holds fewer lines than were wanted of a file that has more. */
function reportMissing(app: string, logs: Logs, lines: number, state: string | undefined): void {
  const { output, errors, ends } = logs;
  if (!ends) return;
  const files = state === undefined ? undefined : stateFiles(state);
  const id = appId(app) ?? app;
  // At most this many bytes: a line may have ended with a carriage return too. A record also has its time and its stream.
  const bytes = (texts: readonly string[]): number =>
    texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 2, 0);
  if (logs.lines !== undefined && ends.stdout === ends.stderr) {
    if (
      logs.lines.length < lines &&
      bytes(logs.lines.map(({ line }) => line)) + 29 * logs.lines.length < ends.stdout
    )
      tell(`${logs.lines.length} lines that ${app} printed`, files?.log(id));
    return;
  }
  for (const [stream, shown] of [
    ['stdout', output],
    ['stderr', errors],
  ] as const)
    if (shown.length < lines && bytes(shown) < ends[stream])
      tell(`${shown.length} lines that ${app} printed on ${stream}`, files?.rawLog(id, stream));
}

function tell(what: string, file: string | undefined): void {
  say(`Only the last ${what} fit in one answer${file === undefined ? '' : `; all of them are in ${file}`}`);
}
