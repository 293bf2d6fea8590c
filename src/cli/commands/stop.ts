// bunctl stop
import { COMMON_HELP, parse } from '../input/arguments.js';
import { connect } from '../daemon/find.js';
import { usage } from '../terminal/exit.js';
import { expand, forEach, namesGiven } from '../daemon/each-app.js';
import { print, say } from '../terminal/output.js';
import { askMessage } from '../answers/wire.js';

export const help = `Stops apps: SIGTERM to each one's process group, SIGKILL after its stop timeout. They stay stopped.

Usage: bunctl stop NAME… | FILE.json | all

${COMMON_HELP}

Examples:
  bunctl stop api
  bunctl stop api worker
  bunctl stop all`;

export async function run(args: string[]): Promise<void> {
  const { names, daemon } = parse(args, {});
  if (names.length === 0) throw usage('Which app? bunctl stop NAME, or bunctl stop all.');
  const wanted = await namesGiven(names);
  const client = await connect(daemon);
  const expanded = await expand(client, wanted, ({ state }) => state !== 'Stopped').finally(() =>
    client.close(),
  );
  if (expanded.length === 0) say('No app is running.');
  await forEach(daemon, expanded, async (each, name) => print(await askMessage(each, { Stop: { name } })));
}
