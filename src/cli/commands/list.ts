// bunctl list
import { COMMON_HELP, parse } from '../input/arguments.js';
import { connectIfThere } from '../daemon/find.js';
import { harmless, print, printJson, say, style, table } from '../terminal/output.js';
import { duration, size, stateWord } from '../answers/show.js';
import { allStatuses } from '../answers/wire.js';

export const help = `All apps at a glance.

Usage: bunctl list [-j]

  -j, --json           the statuses as a JSON array
${COMMON_HELP}`;

export async function run(args: string[]): Promise<void> {
  const { values, daemon } = parse(args, { json: { type: 'boolean', short: 'j' } }, { names: false });
  const client = await connectIfThere(daemon);
  if (!client) say('No daemon is running.');
  const apps = client ? await allStatuses(client).finally(() => client.close()) : [];
  if (values.json) printJson(apps);
  else if (apps.length > 0) {
    print(
      table([
        ['name', 'state', 'pid', 'uptime', 'restarts', 'memory', 'cpu'].map((heading) =>
          style('bold', heading),
        ),
        ...apps.map((app) => [
          harmless(app.name),
          stateWord(app),
          String(app.pid ?? '-'),
          duration(app.uptime_seconds),
          String(app.restarts ?? 0),
          size(app.memory_bytes),
          typeof app.cpu_percent === 'number' ? `${app.cpu_percent} %` : '-',
        ]),
      ]),
    );
  } else if (client) say('There are no apps yet. bunctl start NAME -- COMMAND starts one.');
}
