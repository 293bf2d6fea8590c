// bunctl logs
import { readdirSync } from 'node:fs';
import type { IpcClient } from '../../client/client.js';
import { defaultSocketPath } from '../../default-path.js';
import { endpointOf } from '../../protocol/endpoints.js';
import { COMMON_HELP, parse, whole } from '../arguments.js';
import { connectIfRunning, connectIfThere, type DaemonOptions } from '../connect.js';
import { CliError, EXIT, usage } from '../exit.js';
import { checkName } from '../names.js';
import { harmless, print, printed, printJson, say, style } from '../output.js';
import { askData, type Logs } from '../wire.js';

export const help = `What apps printed: the last lines, stdout first, then stderr.

Usage: bunctl logs [NAME] [-l N] [-f] [-j]

  -l, --lines N        how many lines (default 20)
  -f, -w, --follow     go on, until Ctrl-C
  -j, --json           as JSON; with -f one object a line
${COMMON_HELP}

Examples:
  bunctl logs api -f
  bunctl logs -l 100
  bunctl logs api -j | jq -r '.logs.output[]'

Without a daemon the log files themselves are read.`;

/** Of an answer, in wire shape. */
type LogsData =
  | { readonly type: 'single'; readonly app: string; readonly logs: Logs }
  | { readonly type: 'all'; readonly apps: readonly (readonly [string, Logs])[] };

interface LineEvent {
  readonly app: string;
  readonly stream: 'stdout' | 'stderr';
  readonly line: string;
  /** Where in its file the line ends; the original's daemon does not tell. */
  readonly end?: number;
}

export async function run(args: string[]): Promise<void> {
  const { values, names, daemon } = parse(args, {
    lines: { type: 'string', short: 'l' },
    follow: { type: 'boolean', short: 'f' },
    watch: { type: 'boolean', short: 'w' },
    json: { type: 'boolean', short: 'j' },
  });
  if (names.length > 1) throw usage('logs takes one name, or none for all.');
  const name = names[0] === undefined || names[0] === 'all' ? null : checkName(names[0]);
  const lines = values.lines === undefined ? 20 : whole(values.lines, '--lines');
  const json = values.json === true;
  const following = values.follow === true || values.watch === true;
  // To read what was printed needs no daemon; to follow it does.
  const client = await (following ? connectIfThere(daemon) : connectIfRunning(daemon));
  if (!client) {
    if (following)
      throw new CliError(
        EXIT.unreachable,
        'No daemon is running, so there is nothing to follow. bunctl logs shows what was printed.',
      );
    show(await fromFiles(daemon, name, lines), json);
    return;
  }
  try {
    if (following) await follow(client, name, lines, json);
    else show((await askData(client, { Logs: { name, lines } })) as LogsData, json);
    await printed();
  } finally {
    await client.close();
  }
}

function show(data: LogsData, json: boolean): void {
  if (json) {
    printJson(data);
    return;
  }
  const apps = data.type === 'single' ? [[data.app, data.logs] as const] : data.apps;
  if (apps.length === 0) say('No app has printed anything.');
  for (const [app, { output, errors }] of apps) {
    if (data.type === 'all') say(style('bold', `=== ${harmless(app)} ===`));
    for (const line of output) print(harmless(line));
    if (errors.length > 0) say(style('gray', '--- stderr ---'));
    for (const line of errors) print(style('red', harmless(line)));
  }
}

/** Subscribed first, asked then: what comes in between is shown once. */
async function follow(client: IpcClient, name: string | null, lines: number, json: boolean): Promise<void> {
  const app = name === null ? null : ((await askData(client, { Status: { name } })) as { name: string }).name;
  const subscription = client.subscribe({ LogEvents: { app_name: app } });
  await subscription.ready;
  const data = (await askData(client, { Logs: { name, lines } })) as LogsData;
  if (json) print(JSON.stringify({ type: 'initial', logs: data }));
  else show(data, false);
  const shown = new Map(data.type === 'single' ? [[app ?? data.app, data.logs]] : data.apps);
  for await (const { event_type: type, data: content } of subscription) {
    if (type === 'events_dropped') {
      say(
        `… ${(content as { dropped: number }).dropped} lines were not shown: they came faster than they were read`,
      );
      continue;
    }
    if (type !== 'log_line') continue;
    const event = content as LineEvent;
    const end = shown.get(event.app)?.ends?.[event.stream];
    if (end !== undefined && event.end !== undefined && event.end <= end) continue;
    if (json) print(JSON.stringify({ type: 'event', event }));
    else {
      const line = harmless(event.line);
      print(
        (name === null ? `[${harmless(event.app)}] ` : '') +
          (event.stream === 'stderr' ? style('red', line) : line),
      );
    }
    await printed();
  }
}

/** As the daemon would answer; where it is not known which apps there are, those that have files. */
async function fromFiles({ socket }: DaemonOptions, name: string | null, lines: number): Promise<LogsData> {
  const [{ stateDirectory, stateFiles }, { readTail }, { appId }] = await Promise.all([
    import('../../supervisor/paths.js'),
    import('../../supervisor/tail.js'),
    import('../../supervisor/app-id.js'),
  ]);
  const files = stateFiles(stateDirectory(endpointOf(socket ?? defaultSocketPath(), process.platform)));
  const read = async (id: string): Promise<Logs> => ({
    output: (await readTail(files.log(id, 'stdout'), lines, 64 * 1024 * 1024)).lines,
    errors: (await readTail(files.log(id, 'stderr'), lines, 64 * 1024 * 1024)).lines,
  });
  const known = new Set(listed(files.logs).map((file) => file.replace(/\.(out|err)\.log$/, '')));
  say('No daemon is running; these are the log files.');
  if (name === null) {
    const apps: [string, Logs][] = [];
    for (const id of [...known].sort()) apps.push([id, await read(id)]);
    return { type: 'all', apps };
  }
  const id = appId(name);
  if (id === undefined || !known.has(id))
    throw new CliError(EXIT.notFound, `App ${name} not found: it has no log files`);
  return { type: 'single', app: name, logs: await read(id) };
}

function listed(directory: string): string[] {
  try {
    return readdirSync(directory).filter((file) => /\.(out|err)\.log$/.test(file));
  } catch {
    return [];
  }
}
