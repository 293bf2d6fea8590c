// bunctl delete
import { createInterface } from 'node:readline/promises';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { connect } from '../daemon/find.js';
import { CliError, usage } from '../terminal/exit.js';
import { expand, forEach, namesGiven } from '../daemon/each-app.js';
import { print, say } from '../terminal/output.js';
import { askMessage } from '../answers/wire.js';

export const help = `Stops apps and forgets them. Their log files stay.

Usage: bunctl delete NAME… | FILE.json | all [-f]

  -f, --force          do not ask
${COMMON_HELP}

Examples:
  bunctl delete api -f`;

export async function run(args: string[]): Promise<void> {
  const { names, daemon, values } = parse(args, { force: { type: 'boolean', short: 'f' } });
  if (names.length === 0) throw usage('Which app? bunctl delete NAME, or bunctl delete all.');
  const wanted = await namesGiven(names);
  const client = await connect(daemon);
  const expanded = await expand(client, wanted).finally(() => client.close());
  if (expanded.length === 0) say('There are no apps.');
  if (expanded.length > 0 && !values.force && !(await confirmed(expanded))) {
    say('Nothing was deleted.');
    return;
  }
  await forEach(daemon, expanded, async (each, name) => print(await askMessage(each, { Delete: { name } })));
}

async function confirmed(names: readonly string[]): Promise<boolean> {
  if (!process.stdin.isTTY) throw usage('Nobody can be asked here: add --force to delete.');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`Stop and forget ${names.join(', ')}? [y/N] `)).trim());
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ABORT_ERR') throw error;
    // Ctrl-C: the prompt's line is ended, and the shell is told what a signal would tell it.
    say('');
    throw new CliError(130, 'Nothing was deleted.', { cause: error });
  } finally {
    terminal.close();
  }
}
