// bunctl logs
import type { IpcClient } from '../../client/client.js';
import { idsWithLogs, logsOf } from '../../supervisor/logs/app-log.js';
import { appId } from '../../supervisor/model/app-id.js';
import { stateDirectory } from '../../supervisor/state/paths.js';
import { follow } from '../answers/follow.js';
import { followFiles, showFiles } from '../answers/log-files.js';
import { appsOf, type LogsData, type LogsWanted } from '../answers/logs-wanted.js';
import { printLogs, readFromDaemon } from '../answers/read-logs.js';
import { isReadable, readableState } from '../answers/readable-logs.js';
import { askAnswer, daemonInfo } from '../answers/wire.js';
import { endWithDaemon } from '../daemon/show-output.js';
import { answerTimeout, daemonFor } from '../daemon/find.js';
import { stateOf } from '../daemon/places.js';
import { withMeant } from '../daemon/meant.js';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { checkName, distinct, meansAll } from '../input/names.js';
import { whole } from '../input/numbers.js';
import { moment } from '../input/times.js';
import { CliError, EXIT, exitCodeOf, usage } from '../terminal/exit.js';
import { say } from '../terminal/output.js';
import { endWithReader } from '../terminal/reader-gone.js';

export const help = `What apps printed on stdout and stderr, in the order of printing; stderr is red.

Usage: bunctl logs [NAME…] [-l N] [-f] [OPTIONS]

  -l, --lines N        the last N lines of each app (default 20; with --since all of that time)
  -f, -w, --follow     go on until Ctrl-C, also when files are rotated or the daemon ends
  -t, --timestamps     begin each line with its time
      --since TIME     lines from this time on: 10m, 2h or 1d ago, 14:30, or 2026-11-27T14:30
      --until TIME     lines up to this time
      --grep REGEX     lines that match a regular expression
      --stream STREAM  only stdout, or only stderr
  -j, --json           as JSON; with -f one object a line
${COMMON_HELP}

Examples:
  bunctl logs api -f
  bunctl logs api worker -f
  bunctl logs api --since 1h --grep error -t
  bunctl logs -l 100
  bunctl logs api -j | jq -r '.logs.lines[].line'

The lines of several apps come in the order of time, and each begins with its app's name. The log files themselves are
read, also without a daemon and for an app that was deleted. What bunctl says about a log goes to stderr.`;

/** How long, in ms, a daemon may take to say which apps there are, when their files are here. */
const PATIENCE = 5000;

export async function run(args: string[]): Promise<void> {
  const { values, names, daemon } = parse(args, {
    lines: { type: 'string', short: 'l' },
    follow: { type: 'boolean', short: 'f' },
    watch: { type: 'boolean', short: 'w' },
    json: { type: 'boolean', short: 'j' },
    timestamps: { type: 'boolean', short: 't' },
    since: { type: 'string' },
    until: { type: 'string' },
    grep: { type: 'string' },
    stream: { type: 'string' },
  });
  const since = values.since === undefined ? undefined : moment(values.since, '--since');
  const until = values.until === undefined ? undefined : moment(values.until, '--until');
  if (since !== undefined && until !== undefined && since > until)
    throw usage('--since is after --until, so there is nothing to show');
  const passes = values.grep === undefined ? undefined : matching(values.grep);
  const stream = values.stream === undefined ? undefined : streamOf(values.stream);
  const last = since === undefined ? 20 : undefined;
  const wanted: LogsWanted = {
    names: names.length === 0 || names.some(meansAll) ? null : distinct(names.map(checkName)),
    lines: values.lines === undefined ? last : whole(values.lines, '--lines'),
    wanted: { since, until, passes, stream },
    json: values.json === true,
    timestamps: values.timestamps === true,
  };
  const following = values.follow === true || values.watch === true;
  endWithDaemon();
  if (following) endWithReader();
  // The printed lines are in files. Apps that a daemon has left get another one when their output is followed.
  const client = await daemonFor(daemon, { start: following ? 'if-left' : 'never' });
  if (!client) {
    await withoutDaemon(stateOf(daemon.socket), wanted, following, 'No daemon is running');
    return;
  }
  try {
    const state = stateDirectory(client.path);
    const timeout = answerTimeout(daemon);
    // The files are there, so a long wait for the daemon is not worth it.
    if (await hasFiles(state, wanted))
      client.setTimeout(timeout === 0 ? PATIENCE : Math.min(timeout, PATIENCE));
    const apps = await known(client, wanted, following).catch(async (error: unknown) => {
      if (exitCodeOf(error) !== EXIT.timeout || !(await hasFiles(state, wanted))) throw error;
      return undefined;
    });
    client.setTimeout(timeout);
    if (apps) await withClient(client, apps, wanted, following);
    else await withoutDaemon(state, wanted, following, `The daemon on ${client.path} does not answer`);
  } finally {
    await client.close();
  }
}

function matching(text: string): (line: string) => boolean {
  try {
    const pattern = new RegExp(text);
    return (line) => pattern.test(line);
  } catch (error) {
    throw usage(
      `--grep needs a regular expression, and "${text}" is not one (${(error as Error).message}); a backslash before a character makes it literal`,
    );
  }
}

function streamOf(text: string): 'stdout' | 'stderr' {
  if (text === 'stdout' || text === 'stderr') return text;
  throw usage(`--stream takes stdout or stderr, not "${text}"`);
}

/** What a daemon knows of the logs that are wanted. */
interface Known {
  /** The ids of the apps; those that were deleted are among them if their files are there. */
  readonly ids: readonly string[];
  /** Where their files are; undefined if they cannot be read here. */
  readonly state: string | undefined;
}

async function withClient(
  client: IpcClient,
  { ids, state }: Known,
  wanted: LogsWanted,
  following: boolean,
): Promise<void> {
  if (state === undefined) {
    if (following) await follow(client, wanted);
    else await printLogs(await readFromDaemon(client, wanted), wanted);
  } else if (following) {
    let over = false;
    // Never rejects.
    const gone = client.whenClosed.then(() => {
      if (!over)
        say('The daemon has gone. The log files are still followed; bunctl list shows what is running.');
    });
    client.unref();
    try {
      await followFiles(state, wanted.names && ids, ids, wanted);
    } finally {
      over = true;
      await Promise.race([gone, client.close()]);
    }
  } else await show(state, ids, wanted);
}

/** Asks for no lines: this checks the names, and whatever apps have printed so far is in the files then. */
async function known(client: IpcClient, { names }: LogsWanted, following: boolean): Promise<Known> {
  const ids: string[] = [];
  let state: string | undefined;
  const asked: readonly (string | null)[] = names ?? [null];
  for (const name of asked) {
    try {
      const { data, daemon } = await askAnswer(client, { Logs: { name, lines: 0 } });
      state = readableState(daemon);
      const apps = appsOf(data as LogsData).map(([app]) => app);
      ids.push(...(name === null ? apps : [appId(name) ?? name]));
    } catch (error) {
      const isUnknown = name !== null && exitCodeOf(error) === EXIT.notFound;
      const left = isUnknown && !following ? await leftFiles(client, name) : undefined;
      if (!left) throw name === null ? error : await withMeant(error, client, name);
      say(`There is no app ${name} any more; these are its log files.`);
      state ??= left.state;
      ids.push(left.id);
    }
  }
  const files = state;
  const canRead = files !== undefined && ids.every((id) => logsOf(files, id).every(isReadable));
  return { ids: [...new Set(ids)], state: canRead ? files : undefined };
}

/** The log files of an app that the daemon does not know any more; undefined if there are none. */
async function leftFiles(
  client: IpcClient,
  name: string,
): Promise<{ readonly id: string; readonly state: string } | undefined> {
  const state = (await daemonInfo(client))?.state ?? stateDirectory(client.path);
  const id = appId(name);
  try {
    return id !== undefined && (await idsWithLogs(state)).includes(id) ? { id, state } : undefined;
  } catch {
    // They cannot be read here.
    return undefined;
  }
}

/** Whether each app that is wanted has files here. */
async function hasFiles(state: string, { names }: LogsWanted): Promise<boolean> {
  const known = await idsWithLogs(state).catch((): string[] => []);
  return names === null ? known.length > 0 : names.every((name) => known.includes(appId(name) ?? ''));
}

/** @param why There is no daemon to ask, as the beginning of a sentence. */
async function withoutDaemon(
  state: string,
  wanted: LogsWanted,
  following: boolean,
  why: string,
): Promise<void> {
  const known = await idsWithLogs(state).catch((cause: unknown) => {
    const { code, message } = cause as NodeJS.ErrnoException;
    const because = code === 'ENOTDIR' ? 'it is in something that is not a folder' : message;
    throw new CliError(EXIT.failed, `The log files in ${state} cannot be read: ${because}.`, { cause });
  });
  const ids = wanted.names?.map((name) => {
    const id = appId(name);
    if (id !== undefined && known.includes(id)) return id;
    if (following) throw nothingToFollow();
    throw new CliError(EXIT.notFound, `App ${name} not found: it has no log files`);
  });
  if (following && known.length === 0) throw nothingToFollow();
  const all = [...new Set(ids ?? known)];
  say(`${why}; these are the log files.`);
  if (following) await followFiles(state, ids ? all : null, all, wanted);
  else await show(state, all, wanted);
}

const nothingToFollow = (): CliError =>
  new CliError(
    EXIT.unreachable,
    'No daemon is running, and there are no log files to follow. bunctl start starts an app.',
  );

async function show(state: string, ids: readonly string[], wanted: LogsWanted): Promise<void> {
  if (ids.length === 0 && !wanted.json) say('No app has printed anything.');
  await showFiles(state, ids, wanted);
}
