// bunctl delete
import { askMessage } from '../answers/wire.js';
import { expandAll, forEachApp, resolveNames } from '../daemon/each-app.js';
import { withDaemon } from '../daemon/find.js';
import {
  checkKillEscaped,
  KILL_ESCAPED,
  KILL_ESCAPED_HELP,
  killEscapedField,
} from '../daemon/kill-escaped.js';
import { refuseOtherFiles } from '../daemon/meant.js';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { usage } from '../terminal/exit.js';
import { print, say } from '../terminal/output.js';

export const help = `Stops apps and forgets them. Their log files stay.

Usage: bunctl delete NAME… | FILE.json | all [-f]

  -f, --force          do not ask
${KILL_ESCAPED_HELP}
${COMMON_HELP}

Examples:
  bunctl delete api -f`;

export async function run(args: string[]): Promise<void> {
  const { names, daemon, values } = parse(args, { ...KILL_ESCAPED, force: { type: 'boolean', short: 'f' } });
  if (names.length === 0) throw usage('Which app? Type bunctl delete NAME, or bunctl delete all.');
  await refuseOtherFiles(names);
  const wanted = await resolveNames(names);
  await withDaemon(daemon, { start: 'if-left' }, async (client) => {
    await checkKillEscaped(client, values);
    const apps = await expandAll(client, wanted, { command: 'delete', none: 'There are no apps.' });
    if (apps.length === 0) return;
    if (values.force || (await confirmed(apps)))
      await forEachApp(client, daemon, apps, async (each, name) =>
        print(await askMessage(each, { Delete: { name, ...killEscapedField(values) } })),
      );
    else say('Nothing was deleted.');
  });
}

async function confirmed(names: readonly string[]): Promise<boolean> {
  const { ask } = await import('../terminal/ask.js');
  const answer = await ask(
    `Stop and forget ${names.join(', ')}? [y/N] `,
    'Nobody can be asked here: add --force to delete.',
  );
  return /^y(es)?$/i.test(answer.trim());
}
