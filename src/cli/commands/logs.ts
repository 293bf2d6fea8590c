// bunctl logs
import type { IpcClient } from '../../client/client.js';
import { defaultSocketPath } from '../../endpoint/default-path.js';
import { endpointOf } from '../../protocol/endpoints.js';
import { appId } from '../../supervisor/model/app-id.js';
import { stateDirectory, stateFiles } from '../../supervisor/state/paths.js';
import { COMMON_HELP, parse, whole } from '../input/arguments.js';
import { connectIfRunning, connectIfThere } from '../daemon/find.js';
import { CliError, EXIT, exitCodeOf } from '../terminal/exit.js';
import { type LineEvent, news } from '../answers/follow.js';
import { logsFromFiles } from '../answers/log-files.js';
import { checkName } from '../daemon/each-app.js';
import { harmless, print, printed, printJson, say, style } from '../terminal/output.js';
import { askAnswer, askData, daemonInfo, type Logs } from '../answers/wire.js';

export const help = `What apps printed: the last lines, stdout first, then stderr.

Usage: bunctl logs [NAME…] [-l N] [-f] [-j]

  -l, --lines N        how many lines (default 20)
  -f, -w, --follow     go on, until Ctrl-C
  -j, --json           as JSON; with -f one object a line
${COMMON_HELP}

Examples:
  bunctl logs api -f
  bunctl logs api worker -f
  bunctl logs -l 100
  bunctl logs api -j | jq -r '.logs.output[]'

Of more than one app each line begins with its name. Without a daemon, and for an app that was deleted, the log files
themselves are read.`;

/** Of an answer, in wire shape. */
type LogsData =
  | { readonly type: 'single'; readonly app: string; readonly logs: Logs }
  | { readonly type: 'all'; readonly apps: readonly (readonly [string, Logs])[] };

interface Wanted {
  /** Null: all apps. */
  readonly names: readonly string[] | null;
  readonly lines: number;
  readonly json: boolean;
}

export async function run(args: string[]): Promise<void> {
  const {
    values,
    names: given,
    daemon,
  } = parse(args, {
    lines: { type: 'string', short: 'l' },
    follow: { type: 'boolean', short: 'f' },
    watch: { type: 'boolean', short: 'w' },
    json: { type: 'boolean', short: 'j' },
  });
  const wanted: Wanted = {
    names: given.length === 0 || given.includes('all') ? null : [...new Set(given.map(checkName))],
    lines: values.lines === undefined ? 20 : whole(values.lines, '--lines'),
    json: values.json === true,
  };
  const following = values.follow === true || values.watch === true;
  // To read what was printed needs no daemon; to follow it does.
  const client = await (following ? connectIfThere(daemon) : connectIfRunning(daemon));
  if (!client) {
    if (following)
      throw new CliError(
        EXIT.unreachable,
        'No daemon is running, so there is nothing to follow. bunctl logs shows what was printed.',
      );
    say('No daemon is running; these are the log files.');
    const state = stateDirectory(endpointOf(daemon.socket ?? defaultSocketPath(), process.platform));
    show(await fromFiles(state, wanted), wanted);
    return;
  }
  try {
    if (following) await follow(client, wanted);
    else show(await fromDaemon(client, wanted), wanted);
    await printed();
  } finally {
    await client.close();
  }
}

async function fromFiles(state: string, { names, lines }: Wanted): Promise<LogsData> {
  const apps = await logsFromFiles(state, names, lines);
  return shaped(names, apps);
}

/** As the wire has it: one app, or many. */
function shaped(names: readonly string[] | null, apps: readonly (readonly [string, Logs])[]): LogsData {
  const [name, ...more] = names ?? [];
  const [first] = apps;
  return name !== undefined && more.length === 0 && first
    ? { type: 'single', app: name, logs: first[1] }
    : { type: 'all', apps };
}

/** Of an app that is known no more its files may still be there. */
async function fromDaemon(client: IpcClient, wanted: Wanted, filesToo = true): Promise<LogsData> {
  const one = async (name: string): Promise<readonly [string, Logs]> => {
    try {
      const data = (await asked(client, name, wanted)) as Extract<LogsData, { type: 'single' }>;
      return [appId(name) ?? name, data.logs];
    } catch (error) {
      if (!filesToo || exitCodeOf(error) !== EXIT.notFound) throw error;
      const state = (await daemonInfo(client))?.state ?? stateDirectory(client.path);
      const data = await fromFiles(state, { ...wanted, names: [name] }).catch(() => undefined);
      if (data?.type !== 'single') throw error;
      say(`There is no app ${name} any more; these are its log files.`);
      return [appId(name) ?? name, data.logs];
    }
  };
  if (wanted.names === null) return asked(client, null, wanted);
  return shaped(wanted.names, await Promise.all(wanted.names.map(one)));
}

async function asked(client: IpcClient, name: string | null, { lines }: Wanted): Promise<LogsData> {
  const answer = await askAnswer(client, { Logs: { name, lines } });
  const data = answer.data as LogsData;
  for (const [app, logs] of data.type === 'single' ? [[data.app, data.logs] as const] : data.apps)
    tellCut(app, logs, lines, answer.daemon?.state);
  return data;
}

/** One answer holds so much and no more. Fewer lines than were asked for, of a file that has more, is worth a word. */
function tellCut(
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
    // At most: a line may have ended with a return too.
    const bytes = shown.reduce((sum, line) => sum + Buffer.byteLength(line) + 2, 0);
    if (shown.length >= lines || bytes >= ends[stream]) continue;
    const id = appId(app) ?? app;
    const file = state === undefined ? '' : `; ${stateFiles(state).log(id, stream)} has them all`;
    say(`Of what ${app} printed on ${stream} only the last ${shown.length} lines fit one answer${file}`);
  }
}

function show(data: LogsData, { json, names }: Wanted, following = false): void {
  if (json) {
    printJson(data);
    return;
  }
  const apps = data.type === 'single' ? [[data.app, data.logs] as const] : data.apps;
  if (apps.length === 0) say('No app has printed anything.');
  const many = apps.length > 1 || (following && names?.length !== 1);
  for (const [app, { output, errors }] of apps) {
    const from = many ? `[${harmless(app)}] ` : '';
    for (const line of output) print(from + harmless(line));
    if (errors.length > 0 && !many) say(style('gray', '--- stderr ---'));
    for (const line of errors) print(from + style('red', harmless(line)));
  }
}

/** Subscribed first, asked then: what comes in between is shown once. */
async function follow(client: IpcClient, wanted: Wanted): Promise<void> {
  const { names, json } = wanted;
  const ids = names && (await Promise.all(names.map((name) => idOf(client, name))));
  const only = ids?.length === 1 ? (ids[0] as string) : null;
  const subscription = client.subscribe({ LogEvents: { app_name: only } });
  await subscription.ready;
  const data = await fromDaemon(client, wanted, false);
  if (json) print(JSON.stringify({ type: 'initial', logs: data }));
  else show(data, wanted, true);
  const isNew = news(data.type === 'single' ? [[only ?? data.app, data.logs]] : data.apps);
  try {
    for await (const { event_type: type, data: content } of subscription) {
      if (type === 'events_dropped')
        say(
          `… ${(content as { dropped: number }).dropped} lines were not shown: they came faster than they were read`,
        );
      if (type !== 'log_line') continue;
      const event = content as LineEvent;
      if ((ids && !ids.includes(event.app)) || !isNew(event)) continue;
      if (json) print(JSON.stringify({ type: 'event', event }));
      else {
        const line = harmless(event.line);
        print(
          (only === null ? `[${harmless(event.app)}] ` : '') +
            (event.stream === 'stderr' ? style('red', line) : line),
        );
      }
      await printed();
    }
  } catch (error) {
    if (exitCodeOf(error) !== EXIT.unreachable) throw error;
    throw new CliError(
      EXIT.unreachable,
      'The daemon has gone, and nothing more is shown. bunctl list tells what still runs.',
      { cause: error },
    );
  }
}

/** Events carry the id; the daemon knows which one a name has. */
async function idOf(client: IpcClient, name: string): Promise<string> {
  return ((await askData(client, { Status: { name } })) as { name: string }).name;
}
