// bunctl status
import type { IpcClient } from '../../client/client.js';
import { details } from '../answers/show.js';
import { allStatuses, type AppStatus, askData, daemonInfo, replacedNotice } from '../answers/wire.js';
import { fileDifference } from '../daemon/apply-file.js';
import { daemonFor, requireDaemon } from '../daemon/find.js';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { checkName, meansAll } from '../input/names.js';
import { usage } from '../terminal/exit.js';
import { canPrint, print, printJson, say, write } from '../terminal/output.js';
import { endWithReader } from '../terminal/reader-gone.js';
import { harmless, onTerminal, style } from '../terminal/style.js';

export const help = `One app, or all, in detail.

Usage: bunctl status [NAME] [-j] [-w]

  -j, --json           as JSON; with -w one object a line
  -w, --watch          go on until Ctrl-C
${COMMON_HELP}

Examples:
  bunctl status api
  bunctl status -w
  bunctl status -j | jq '.[] | .name + " " + .state'`;

/** How often, in ms, the screen shows new times and sizes. */
const REFRESH = 2000;

/** A name as it was typed; null for all apps. */
type Name = string | null;

export async function run(args: string[]): Promise<void> {
  const { values, names, daemon } = parse(args, {
    json: { type: 'boolean', short: 'j' },
    watch: { type: 'boolean', short: 'w' },
  });
  if (names.length > 1) throw usage('status takes one name, or none for all apps.');
  const name = names[0] === undefined || meansAll(names[0]) ? null : checkName(names[0]);
  const find = name === null && !values.watch ? daemonFor : requireDaemon;
  const client = await find(daemon, { start: 'if-left' });
  if (!client) {
    say('No daemon is running.');
    if (values.json) printJson([]);
    return;
  }
  try {
    if (values.watch) await watch(client, name, values.json === true);
    else if (values.json) printJson(await askData(client, { Status: { name } }));
    else {
      print(await text(client, name));
      const again = replacedNotice(await daemonInfo(client));
      if (again !== undefined) say(again);
    }
  } finally {
    await client.close();
  }
}

async function text(client: IpcClient, name: Name): Promise<string> {
  const differences = new Map<string, string | undefined>();
  const before = await statuses(client, name);
  for (const app of before) if (app.source) differences.set(app.name, await fileDifference(client, app));
  // The comparison takes time, and what is shown is what is so now.
  const apps = differences.size > 0 ? await statuses(client, name) : before;
  if (apps.length === 0) return 'There are no apps.';
  return apps.map((app) => details(app, differences.get(app.name))).join('\n\n');
}

async function statuses(client: IpcClient, name: Name): Promise<AppStatus[]> {
  if (name === null) return allStatuses(client);
  return [(await askData(client, { Status: { name } })) as AppStatus];
}

/** Subscribes before it asks, so that no change falls in between. */
async function watch(client: IpcClient, name: Name, json: boolean): Promise<void> {
  endWithReader();
  const app_name = name === null ? null : await idOf(client, name);
  const subscription = client.subscribe({ StatusEvents: { app_name } });
  await subscription.ready;
  if (json) print(JSON.stringify({ type: 'initial', data: await askData(client, { Status: { name } }) }));
  else if (onTerminal()) return redraw(client, name, subscription);
  else print(await text(client, name));
  for await (const { event_type: type, data } of subscription) {
    if (json) print(JSON.stringify({ type: 'event', event_type: type, event: data }));
    else print(`${harmless((data as { app?: string }).app ?? '')} ${type} ${harmless(JSON.stringify(data))}`);
    if (!canPrint()) return;
  }
}

/** Draws the screen again after each event, and now and then for times and sizes. */
async function redraw(client: IpcClient, name: Name, events: AsyncIterable<unknown>): Promise<void> {
  const draw = async (): Promise<void> => {
    const now = await text(client, name);
    // Home, then erase what is below: the screen does not flicker.
    write(`\x1b[H\x1b[J${now}\n\n${style('gray', 'Ctrl-C ends this; the apps go on.')}\n`);
  };
  write('\x1b[2J');
  await draw();
  let timer: NodeJS.Timeout | undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    timer = setInterval(() => {
      draw().catch(reject);
    }, REFRESH);
  });
  const afterEvents = async (): Promise<void> => {
    for await (const _event of events) {
      await draw();
      if (!canPrint()) return;
    }
  };
  try {
    await Promise.race([afterEvents(), failed]);
  } finally {
    clearInterval(timer);
  }
}

/** Events carry an app's id; the daemon knows which id belongs to a name. */
async function idOf(client: IpcClient, name: string): Promise<string> {
  return ((await askData(client, { Status: { name } })) as AppStatus).name;
}
