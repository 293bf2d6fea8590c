// bunctl status
import { setTimeout as sleep } from 'node:timers/promises';
import type { IpcClient } from '../../client/client.js';
import type { Subscription } from '../../client/subscription.js';
import { appsTable, leftBehindBy } from '../answers/apps-table.js';
import { details } from '../answers/show.js';
import { allStatuses, type AppStatus, askData, daemonInfo, replacedNotice } from '../answers/wire.js';
import { fileDifference } from '../daemon/apply-file.js';
import { daemonFor, requireDaemon } from '../daemon/find.js';
import { withMeant } from '../daemon/meant.js';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { checkName, meansAll } from '../input/names.js';
import { usage } from '../terminal/exit.js';
import { canPrint, print, printJson, say } from '../terminal/output.js';
import { endWithReader } from '../terminal/reader-gone.js';
import { drawScreen } from '../terminal/screen.js';
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

/** How often, in ms, the screen shows new times and sizes, and an app is looked at that may have been deleted. */
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
  } catch (error) {
    throw name === null ? error : await withMeant(error, client, name);
  } finally {
    await client.close();
  }
}

async function text(client: IpcClient, name: Name, { brief = false } = {}): Promise<string> {
  const differences = new Map<string, string | undefined>();
  const before = await statuses(client, name);
  for (const app of before) if (app.source) differences.set(app.name, await fileDifference(client, app));
  // The comparison takes time, and what is shown is what is so now.
  const apps = differences.size > 0 ? await statuses(client, name) : before;
  if (apps.length === 0) return 'There are no apps.';
  const shown = brief ? apps.map((app) => ({ ...app, environment_names: null })) : apps;
  return shown.map((app) => details(app, differences.get(app.name))).join('\n\n');
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
  const status = (): Promise<unknown> => askData(client, { Status: { name } });
  if (json) print(JSON.stringify({ type: 'initial', data: await status() }));
  else if (onTerminal()) return redraw(client, name, subscription);
  else print(await text(client, name));
  if (!canPrint()) return;
  const events = printEvents(subscription, json);
  // No event says that an app was deleted.
  await (name === null ? events : Promise.race([events, again(status)]));
}

async function printEvents(events: Subscription, json: boolean): Promise<void> {
  for await (const { event_type: type, data } of events) {
    if (json) print(JSON.stringify({ type: 'event', event_type: type, event: data }));
    else print(`${harmless((data as { app?: string }).app ?? '')} ${type} ${harmless(JSON.stringify(data))}`);
    if (!canPrint()) return;
  }
}

/** Does something now and then, until it fails. The connection alone keeps the process. */
async function again(act: () => Promise<unknown>): Promise<never> {
  for (;;) {
    await sleep(REFRESH, undefined, { ref: false });
    await act();
  }
}

/** Draws the screen again after each event, and now and then for times and sizes. */
async function redraw(client: IpcClient, name: Name, events: Subscription): Promise<void> {
  const draw = async (): Promise<void> =>
    drawScreen(await screenText(client, name), style('gray', 'Ctrl-C ends this; the apps go on.'));
  const afterEvents = async (): Promise<void> => {
    await draw();
    if (!canPrint()) return;
    for await (const _event of events) {
      await draw();
      if (!canPrint()) return;
    }
  };
  await Promise.race([afterEvents(), again(draw)]);
}

/** The text that fits on a screen: all apps in a table, or one in detail, without the many names of its inherited variables. */
async function screenText(client: IpcClient, name: Name): Promise<string> {
  if (name !== null) return text(client, name, { brief: true });
  const apps = await allStatuses(client);
  return apps.length > 0 ? [appsTable(apps), ...leftBehindBy(apps)].join('\n') : 'There are no apps.';
}

/** Events carry an app's id; the daemon knows which id belongs to a name. */
async function idOf(client: IpcClient, name: string): Promise<string> {
  return ((await askData(client, { Status: { name } })) as AppStatus).name;
}
