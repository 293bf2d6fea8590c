// bunctl list
import type { IpcClient } from '../../client/index.js';
import { appsTable, leftBehindBy } from '../answers/apps-table.js';
import { allStatuses, type AppStatus } from '../answers/wire.js';
import { daemonFor } from '../daemon/find.js';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { print, printJson, say } from '../terminal/output.js';

export const help = `All apps at a glance.

Usage: bunctl list [-j]

  -j, --json           the statuses as a JSON array
${COMMON_HELP}`;

async function statusesOf(client: IpcClient): Promise<AppStatus[]> {
  try {
    return await allStatuses(client);
  } finally {
    await client.close();
  }
}

export async function run(args: string[]): Promise<void> {
  const { values, daemon } = parse(args, { json: { type: 'boolean', short: 'j' } }, { names: false });
  const client = await daemonFor(daemon, { start: 'if-left' });
  if (!client) say('No daemon is running.');
  const apps = client ? await statusesOf(client) : [];
  if (values.json) printJson(apps);
  else if (apps.length > 0) {
    print(appsTable(apps));
    for (const sentence of leftBehindBy(apps)) say(sentence);
  } else if (client) say('There are no apps yet. To start one: bunctl start NAME -- COMMAND');
}
