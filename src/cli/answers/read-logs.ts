// The last lines that apps printed: from the daemon, or from the log files.
import type { IpcClient } from '../../client/client.js';
import { appId } from '../../supervisor/model/app-id.js';
import { stateDirectory, stateFiles } from '../../supervisor/state/paths.js';
import { EXIT, exitCodeOf } from '../terminal/exit.js';
import { say } from '../terminal/output.js';
import { logsFromFiles } from './log-files.js';
import { askAnswer, daemonInfo, type Logs } from './wire.js';

/** Logs in the shape of the wire: of one app, or of several by their ids. */
export type LogsData =
  | { readonly type: 'single'; readonly app: string; readonly logs: Logs }
  | { readonly type: 'all'; readonly apps: readonly (readonly [string, Logs])[] };

export interface LogsWanted {
  /** Names as they were typed; null for all apps. */
  readonly names: readonly string[] | null;
  /** How many lines of each stream. */
  readonly lines: number;
  readonly json: boolean;
}

/** Reads the log files of a state directory. */
export async function readFromFiles(state: string, { names, lines }: LogsWanted): Promise<LogsData> {
  return inWireShape(names, await logsFromFiles(state, names, lines));
}

/**
 * Asks the daemon.
 *
 * @param orFiles Whether the log files are read for an app that the daemon no longer knows.
 */
export async function readFromDaemon(
  client: IpcClient,
  wanted: LogsWanted,
  orFiles = true,
): Promise<LogsData> {
  const readOne = async (name: string): Promise<readonly [string, Logs]> => {
    try {
      const data = (await askLogs(client, name, wanted)) as Extract<LogsData, { type: 'single' }>;
      return [appId(name) ?? name, data.logs];
    } catch (error) {
      if (!orFiles || exitCodeOf(error) !== EXIT.notFound) throw error;
      const state = (await daemonInfo(client))?.state ?? stateDirectory(client.path);
      const data = await readFromFiles(state, { ...wanted, names: [name] }).catch(() => undefined);
      if (data?.type !== 'single') throw error;
      say(`There is no app ${name} any more; these are its log files.`);
      return [appId(name) ?? name, data.logs];
    }
  };
  if (wanted.names === null) return askLogs(client, null, wanted);
  return inWireShape(wanted.names, await Promise.all(wanted.names.map(readOne)));
}

function inWireShape(names: readonly string[] | null, apps: readonly (readonly [string, Logs])[]): LogsData {
  const [name, ...more] = names ?? [];
  const [first] = apps;
  return name !== undefined && more.length === 0 && first
    ? { type: 'single', app: name, logs: first[1] }
    : { type: 'all', apps };
}

async function askLogs(client: IpcClient, name: string | null, { lines }: LogsWanted): Promise<LogsData> {
  const answer = await askAnswer(client, { Logs: { name, lines } });
  const data = answer.data as LogsData;
  for (const [app, logs] of data.type === 'single' ? [[data.app, data.logs] as const] : data.apps)
    reportMissing(app, logs, lines, answer.daemon?.state);
  return data;
}

/** An answer has a largest size. Says so if it holds fewer lines than were wanted of a file that has more. */
function reportMissing(
  app: string,
  { output, errors, ends }: Logs,
  lines: number,
  state: string | undefined,
): void {
  if (!ends) return;
  for (const [stream, shown] of [
    ['stdout', output],
    ['stderr', errors],
  ] as const) {
    // At most this many: a line may have ended with a carriage return too.
    const bytes = shown.reduce((sum, line) => sum + Buffer.byteLength(line) + 2, 0);
    if (shown.length >= lines || bytes >= ends[stream]) continue;
    const file =
      state === undefined
        ? ''
        : `; all of them are in ${stateFiles(state).rawLog(appId(app) ?? app, stream)}`;
    say(`Only the last ${shown.length} lines that ${app} printed on ${stream} fit in one answer${file}`);
  }
}
