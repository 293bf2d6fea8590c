// bunctl flush
import type { IpcMessage } from '../../protocol/messages.js';
import { askMessage } from '../answers/wire.js';
import { expandAll, forEachApp } from '../daemon/each-app.js';
import { withDaemon } from '../daemon/find.js';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { checkName } from '../input/names.js';
import { usage } from '../terminal/exit.js';
import { print } from '../terminal/output.js';

export const help = `Empties the logs of apps, and deletes their files that were put aside. The apps go on.

Usage: bunctl flush NAME… | all

${COMMON_HELP}

Examples:
  bunctl flush api
  bunctl flush all`;

export async function run(args: string[]): Promise<void> {
  const { names, daemon } = parse(args, {});
  if (names.length === 0) throw usage('Which app? Type bunctl flush NAME, or bunctl flush all.');
  const wanted = names.map((name) => ({ name: checkName(name) }));
  await withDaemon(daemon, { start: 'if-left' }, async (client) => {
    const apps = await expandAll(client, wanted, { command: 'flush', none: 'There are no apps.' });
    await forEachApp(client, daemon, apps, async (each, name) =>
      print(await askMessage(each, flushOf(name))),
    );
  });
}

/** The key `flush` is an extension of the wire. */
const flushOf = (name: string): IpcMessage => ({ Logs: { name, lines: 0, flush: true } });
