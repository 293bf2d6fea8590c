// bunctl restart
import { askMessage } from '../answers/wire.js';
import { expandAll, forEachApp, resolveNames } from '../daemon/each-app.js';
import { withDaemon } from '../daemon/find.js';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { usage } from '../terminal/exit.js';
import { print, say } from '../terminal/output.js';

export const help = `Restarts apps; an app that is stopped is started.

Usage: bunctl restart NAME… | FILE.json | all

${COMMON_HELP}

Examples:
  bunctl restart api
  bunctl restart all`;

export async function run(args: string[]): Promise<void> {
  const { names, daemon } = parse(args, {});
  if (names.length === 0) throw usage('Which app? Type bunctl restart NAME, or bunctl restart all.');
  const wanted = await resolveNames(names);
  await withDaemon(daemon, { start: 'if-left' }, async (client) => {
    const apps = await expandAll(client, wanted);
    if (apps.length === 0) say('There are no apps.');
    await forEachApp(client, daemon, apps, async (each, name) =>
      print(await askMessage(each, { Restart: { name } })),
    );
  });
}
