// bunctl stop
import { type AppStatus, askMessage } from '../answers/wire.js';
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
import { print } from '../terminal/output.js';
import { STOP_HELP } from '../terminal/system-words.js';

export const help = `${STOP_HELP}

Usage: bunctl stop NAME… | FILE.json | all

${KILL_ESCAPED_HELP}
${COMMON_HELP}

Examples:
  bunctl stop api
  bunctl stop api worker
  bunctl stop all`;

export async function run(args: string[]): Promise<void> {
  const { names, daemon, values } = parse(args, KILL_ESCAPED);
  if (names.length === 0) throw usage('Which app? Type bunctl stop NAME, or bunctl stop all.');
  await refuseOtherFiles(names);
  const wanted = await resolveNames(names);
  await withDaemon(daemon, { start: 'if-left' }, async (client) => {
    await checkKillEscaped(client, values);
    // Processes that a stopped app has left behind are ended too, if that is asked for.
    const isOfInterest = ({ state, escaped }: AppStatus): boolean =>
      state !== 'Stopped' || (values['kill-escaped'] === true && (escaped?.length ?? 0) > 0);
    const apps = await expandAll(client, wanted, {
      command: 'stop',
      none: 'No app is running.',
      passes: isOfInterest,
    });
    await forEachApp(client, daemon, apps, async (each, name) =>
      print(await askMessage(each, { Stop: { name, ...killEscapedField(values) } })),
    );
  });
}
