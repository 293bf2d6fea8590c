// The parts of a daemon's answers that commands read, the original's answers included.
import type { IpcAnswer, IpcMessage } from '../../protocol/messages.js';
import { AnswerError, type IpcClient } from '../../client/index.js';
import type { DaemonStats } from '../../running-daemon.js';
import type { DaemonInfo } from '../../supervisor/model/messages.js';
import { VERSION } from '../../version.js';
import { CliError, EXIT, refused } from '../terminal/exit.js';
import { say } from '../terminal/output.js';
import { inWords } from './failures.js';

/** An app's status; the original's daemon leaves some fields out. */
export interface AppStatus {
  readonly name: string;
  readonly state: string;
  readonly pid: number | null;
  readonly restarts?: number;
  readonly command?: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  readonly restart_policy?: string;
  readonly auto_start?: boolean;
  readonly last_exit_code?: number | null;
  readonly last_exit_signal?: string | null;
  readonly last_exit_unknown?: boolean;
  /** Why it could not be spawned when that was last tried. */
  readonly last_error?: string | null;
  readonly uptime_seconds?: number | null;
  readonly max_memory?: number | null;
  readonly max_restart_attempts?: number | null;
  readonly backoff_exhausted?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly memory_bytes?: number | null;
  readonly cpu_percent?: number | null;
  /** `exit`, `crash`, `stop`, `max_memory`, `unknown` or `elsewhere`. */
  readonly last_exit_reason?: string | null;
  /** The names of its own variables, and of those of the command that started it. */
  readonly env_names?: readonly string[];
  readonly environment_names?: readonly string[] | null;
  /** The configuration file that it came from. */
  readonly source?: string | null;
  /** The mode that was chosen in that file; null for none. */
  readonly source_mode?: string | null;
  readonly log_files?: Readonly<Record<'stdout' | 'stderr', string>>;
  /** Processes that it started and that have left its process group. */
  readonly escaped?: readonly number[] | null;
}

export interface Logs {
  readonly output: readonly string[];
  readonly errors: readonly string[];
  /** Where in its file each stream's lines end. */
  readonly ends?: Readonly<Record<'stdout' | 'stderr', number>>;
  /** Which file each stream's lines are in: it grows when another file is begun. */
  readonly generations?: Readonly<Record<'stdout' | 'stderr', number>>;
  /** The lines of both streams in the order of printing; the original's daemon, and older ones, do not have them. */
  readonly lines?: readonly WireLine[];
}

/** A line of both streams; its time in ms since the epoch, or null. */
export interface WireLine {
  readonly time: number | null;
  readonly stream: 'stdout' | 'stderr' | 'bunctl';
  readonly line: string;
}

/** A line in an event. */
export interface LineEvent {
  readonly app: string;
  readonly stream: 'stdout' | 'stderr' | 'bunctl';
  readonly line: string;
  /** Where in its file the line ends; the original's daemon does not say. */
  readonly end?: number;
  /** Grows when another file is begun. */
  readonly generation?: number;
  /** When it was printed, in ms since the epoch; older daemons do not say. */
  readonly time?: number | null;
}

/** Asks, and throws an `Error` answer. */
async function ask(client: IpcClient, message: IpcMessage): Promise<IpcAnswer> {
  try {
    return await client.request(message);
  } catch (error) {
    throw error instanceof AnswerError ? refused(error) : inWords(error, client, message);
  }
}

/** How the daemon is replaced by one of this version. `start all` would also start what was stopped on purpose. */
export const RENEW =
  'To have a daemon of this version: see which apps run (bunctl list), run bunctl shutdown, then bunctl start with the names of these apps.';

let mentioned = false;

/** A sentence, once, if the daemon and this command have different versions. */
export function versionNotice(daemon: DaemonInfo | undefined): string | undefined {
  if (mentioned || !daemon || daemon.version === VERSION) return undefined;
  mentioned = true;
  return `The daemon is bunctl ${daemon.version} and this command ${VERSION}. ${RENEW}`;
}

function noteVersion(answer: object): void {
  const notice = versionNotice((answer as { readonly daemon?: DaemonInfo }).daemon);
  if (notice !== undefined) say(notice);
}

/** A success, and what our daemon adds to it. */
export interface Done {
  readonly message: string;
  /** The process id of an app that was to be started and is running already. */
  readonly running?: unknown;
  /** A sentence beside the message, for example about a limit that this system does not enforce. */
  readonly notice?: string;
  /** The effect of a Start: `started`, `changed` or `unchanged`. */
  readonly action?: string;
  /** The names of the fields in which a configuration differs from the one that the app had. */
  readonly differs?: readonly string[];
}

/** Asks for something to be done. */
export async function askSuccess(client: IpcClient, message: IpcMessage): Promise<Done> {
  const answer = await ask(client, message);
  if ('Success' in answer) {
    noteVersion(answer.Success);
    const { notice } = answer.Success as Done;
    if (typeof notice === 'string') say(notice);
    return answer.Success;
  }
  throw new CliError(EXIT.failed, 'The daemon did not answer with a message');
}

/** Asks for something to be done, and returns the daemon's message. */
export async function askMessage(client: IpcClient, message: IpcMessage): Promise<string> {
  return (await askSuccess(client, message)).message;
}

/** Asks for data, and which daemon answers. */
export async function askAnswer(
  client: IpcClient,
  message: IpcMessage,
): Promise<{ readonly data: unknown; readonly daemon?: DaemonInfo }> {
  const answer = await ask(client, message);
  if ('Data' in answer) {
    noteVersion(answer.Data);
    return answer.Data;
  }
  throw new CliError(EXIT.failed, 'The daemon did not answer with data');
}

/** Asks for data. */
export async function askData(client: IpcClient, message: IpcMessage): Promise<unknown> {
  return (await askAnswer(client, message)).data;
}

export async function allStatuses(client: IpcClient): Promise<AppStatus[]> {
  const data = await askData(client, { Status: { name: null } });
  return Array.isArray(data) ? (data as AppStatus[]) : [];
}

/**
 * Whether a daemon knows our extensions of the wire, by a status of it: dry runs, files that apps come from, Restart
 * with a configuration. Without an app it cannot be told, and need not.
 */
export const knowsExtensions = (statuses: readonly AppStatus[]): boolean =>
  statuses.every((app) => app.log_files !== undefined);

/** The daemon's description of itself; undefined for the original's daemon. */
export async function daemonInfo(client: IpcClient): Promise<DaemonInfo | undefined> {
  const answer = await ask(client, 'List');
  return 'Data' in answer ? (answer.Data as { daemon?: DaemonInfo }).daemon : undefined;
}

/** The daemon's statistics; undefined for an older daemon, and for the original's. */
export async function askStats(client: IpcClient): Promise<DaemonStats | undefined> {
  const answer = await askAnswer(client, { Status: { name: null, stats: true } });
  return (answer as { readonly stats?: DaemonStats }).stats;
}

/** That the daemon is there because the one before it died; undefined if that is not so, or a day ago. */
export function replacedNotice(info: DaemonInfo | undefined, now = Date.now()): string | undefined {
  if (info?.replaces == null || now - info.started_at > DAY) return undefined;
  const when = new Date(info.started_at).toLocaleString('sv');
  return `The daemon was started again at ${when}: process ${info.replaces}, the daemon before it, had died`;
}

const DAY = 24 * 3600 * 1000;
