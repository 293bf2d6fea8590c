// bunctl status
import type { IpcClient } from '../../client/client.js';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { connect, connectIfThere } from '../daemon/find.js';
import { usage } from '../terminal/exit.js';
import { checkName } from '../daemon/each-app.js';
import { harmless, print, printed, printJson, say, style } from '../terminal/output.js';
import { details } from '../answers/show.js';
import { allStatuses, askData, type AppStatus } from '../answers/wire.js';

export const help = `One app, or all, in detail.

Usage: bunctl status [NAME] [-j] [-w]

  -j, --json           as JSON; with -w one object a line
  -w, --watch          go on, until Ctrl-C
${COMMON_HELP}

Examples:
  bunctl status api
  bunctl status -w
  bunctl status -j | jq '.[] | .name + " " + .state'`;

/** How often, in ms, the screen shows new times and sizes. */
const REFRESH = 2000;

export async function run(args: string[]): Promise<void> {
  const { values, names, daemon } = parse(args, {
    json: { type: 'boolean', short: 'j' },
    watch: { type: 'boolean', short: 'w' },
  });
  if (names.length > 1) throw usage('status takes one name, or none for all.');
  const name = names[0] === undefined || names[0] === 'all' ? null : checkName(names[0]);
  const client = name === null && !values.watch ? await connectIfThere(daemon) : await connect(daemon);
  if (!client) {
    say('No daemon is running.');
    if (values.json) printJson([]);
    return;
  }
  try {
    if (values.watch) await watch(client, name, values.json === true);
    else if (values.json) printJson(await askData(client, { Status: { name } }));
    else print(await text(client, name));
  } finally {
    await client.close();
  }
}

async function text(client: IpcClient, name: string | null): Promise<string> {
  const apps =
    name === null ? await allStatuses(client) : [(await askData(client, { Status: { name } })) as AppStatus];
  return apps.length === 0 ? 'There are no apps.' : apps.map(details).join('\n\n');
}

async function watch(client: IpcClient, name: string | null, json: boolean): Promise<void> {
  const initial = json ? await askData(client, { Status: { name } }) : await text(client, name);
  const subscription = client.subscribe({ StatusEvents: { app_name: await idOf(client, name) } });
  await subscription.ready;
  if (json) print(JSON.stringify({ type: 'initial', data: initial }));
  else if (!process.stdout.isTTY) print(initial as string);
  const redraw = async (): Promise<void> => {
    const now = await text(client, name);
    // Home, then erase what is below: no flicker.
    process.stdout.write(`\x1b[H\x1b[J${now}\n\n${style('gray', 'Ctrl-C ends this; the apps go on.')}\n`);
  };
  const onScreen = process.stdout.isTTY && !json;
  let timer: NodeJS.Timeout | undefined;
  if (onScreen) {
    process.stdout.write('\x1b[2J');
    await redraw();
    timer = setInterval(() => void redraw().catch(() => undefined), REFRESH);
  }
  try {
    for await (const { event_type: type, data } of subscription) {
      if (onScreen) await redraw();
      else if (json) print(JSON.stringify({ type: 'event', event_type: type, event: data }));
      else
        print(`${harmless((data as { app?: string }).app ?? '')} ${type} ${harmless(JSON.stringify(data))}`);
      await printed();
    }
  } finally {
    clearInterval(timer);
  }
}

/** Events carry the id; the daemon knows which one a name has. */
async function idOf(client: IpcClient, name: string | null): Promise<string | null> {
  return name === null ? null : ((await askData(client, { Status: { name } })) as AppStatus).name;
}
