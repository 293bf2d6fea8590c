// bunctl list
import type { IpcClient } from '../../client/index.js';
import { duration, leftOver, size, stateWord } from '../answers/show.js';
import { allStatuses, type AppStatus } from '../answers/wire.js';
import { daemonFor } from '../daemon/find.js';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { print, printJson, say } from '../terminal/output.js';
import { harmless, style, table } from '../terminal/style.js';

export const help = `All apps at a glance.

Usage: bunctl list [-j]

  -j, --json           the statuses as a JSON array
${COMMON_HELP}`;

const HEADINGS = ['name', 'state', 'pid', 'uptime', 'restarts', 'memory', 'cpu'];

const row = (app: AppStatus): string[] => [
  harmless(app.name),
  stateWord(app),
  String(app.pid ?? '-'),
  duration(app.uptime_seconds),
  String(app.restarts ?? 0),
  size(app.memory_bytes),
  typeof app.cpu_percent === 'number' ? `${app.cpu_percent} %` : '-',
];

function showTable(apps: readonly AppStatus[]): void {
  print(table([HEADINGS.map((heading) => style('bold', heading)), ...apps.map(row)]));
  for (const { name, escaped } of apps) if (escaped?.length) say(`App ${name}: ${leftOver(escaped)}`);
}

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
  else if (apps.length > 0) showTable(apps);
  else if (client) say('There are no apps yet. To start one: bunctl start NAME -- COMMAND');
}
