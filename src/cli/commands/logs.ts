// bunctl logs
import type { IpcClient } from '../../client/client.js';
import { follow } from '../answers/follow.js';
import { printLogs } from '../answers/log-lines.js';
import { type LogsWanted, readFromDaemon, readFromFiles } from '../answers/read-logs.js';
import { daemonFor } from '../daemon/find.js';
import { stateOf } from '../daemon/places.js';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { checkName, meansAll } from '../input/names.js';
import { whole } from '../input/numbers.js';
import { CliError, EXIT } from '../terminal/exit.js';
import { say } from '../terminal/output.js';

export const help = `What apps printed: the last lines of stdout, then of stderr.

Usage: bunctl logs [NAME…] [-l N] [-f] [-j]

  -l, --lines N        how many lines (default 20)
  -f, -w, --follow     go on until Ctrl-C
  -j, --json           as JSON; with -f one object a line
${COMMON_HELP}

Examples:
  bunctl logs api -f
  bunctl logs api worker -f
  bunctl logs -l 100
  bunctl logs api -j | jq -r '.logs.output[]'

With several apps, each line begins with its app's name. Without a daemon, and for an app that was deleted, the log
files themselves are read.`;

export async function run(args: string[]): Promise<void> {
  const { values, names, daemon } = parse(args, {
    lines: { type: 'string', short: 'l' },
    follow: { type: 'boolean', short: 'f' },
    watch: { type: 'boolean', short: 'w' },
    json: { type: 'boolean', short: 'j' },
  });
  const wanted: LogsWanted = {
    names: names.length === 0 || names.some(meansAll) ? null : [...new Set(names.map(checkName))],
    lines: values.lines === undefined ? 20 : whole(values.lines, '--lines'),
    json: values.json === true,
  };
  const following = values.follow === true || values.watch === true;
  // Only following needs a daemon; what was printed is in files.
  const client = await daemonFor(daemon, { start: following ? 'if-left' : 'never' });
  if (client)
    await (following ? follow(client, wanted) : showFromDaemon(client, wanted)).finally(() => client.close());
  else if (following)
    throw new CliError(
      EXIT.unreachable,
      'No daemon is running, so there is nothing to follow. bunctl logs shows what was printed.',
    );
  else {
    say('No daemon is running; these are the log files.');
    printLogs(await readFromFiles(stateOf(daemon.socket), wanted), wanted);
  }
}

async function showFromDaemon(client: IpcClient, wanted: LogsWanted): Promise<void> {
  printLogs(await readFromDaemon(client, wanted), wanted);
}
