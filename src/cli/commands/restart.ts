// bunctl restart
import { COMMON_HELP, parse } from '../input/arguments.js';
import { connect } from '../daemon/find.js';
import { usage } from '../terminal/exit.js';
import { expand, forEach, namesGiven } from '../daemon/each-app.js';
import { print, say } from '../terminal/output.js';
import { askMessage } from '../answers/wire.js';

export const help = `Restarts apps; one that is stopped is started.

Usage: bunctl restart NAME… | FILE.json | all

${COMMON_HELP}

Examples:
  bunctl restart api
  bunctl restart all`;

export async function run(args: string[]): Promise<void> {
  const { names, daemon } = parse(args, {});
  if (names.length === 0) throw usage('Which app? bunctl restart NAME, or bunctl restart all.');
  const wanted = await namesGiven(names);
  const client = await connect(daemon);
  const expanded = await expand(client, wanted).finally(() => client.close());
  if (expanded.length === 0) say('There are no apps.');
  await forEach(daemon, expanded, async (each, name) => print(await askMessage(each, { Restart: { name } })));
}
