// bunctl start
import { COMMON_HELP, parse } from '../input/arguments.js';
import type { IpcClient } from '../../client/client.js';
import { appId } from '../../supervisor/model/app-id.js';
import { connectIfThere, connectOrStart, type DaemonOptions, knownOnDisk } from '../daemon/find.js';
import { CliError, EXIT } from '../terminal/exit.js';
import { appsGiven, START_OPTIONS } from '../input/given.js';
import { notKnown, startAll, startKnown } from '../daemon/start-apps.js';

export const help = `Starts an app, and the daemon if none runs.

Usage: bunctl start NAME -- COMMAND [ARGS…]
       bunctl start FILE.js             the name is the file's
       bunctl start FILE.json [NAME…]   the apps of a file, or these of them
       bunctl start [NAME…]             those of bunctl.json, or all of it; or one that the daemon knows

  -c, --config FILE          read the apps from this file
      --command COMMAND      the program; arguments stand behind --
  -s, --script FILE          run a script with the interpreter of its kind
  -d, --cwd FOLDER           where it runs (default: here)
  -e, --env KEY=VALUE        add to its environment; may be repeated
      --auto-restart         restart it whenever it ends, and start it with the daemon
      --restart POLICY       no, always, on-failure (default) or unless-stopped
      --name NAME            another way to give the name
      --stop-timeout TIME    how long it may take to end after SIGTERM (default 10s)
      --max-restarts N       give up after so many restarts in a row (default: never)
      --max-memory SIZE      restart it when its processes hold more, such as 512M
      --max-cpu PERCENT      shown by status, not enforced
      --uid, --gid ID        run it as another user or group
${COMMON_HELP}

Examples:
  bunctl start api -- node server.js --port 3000
  bunctl start server.js
  bunctl start worker --env QUEUE=mail --auto-restart -- ./worker.sh
  bunctl start -c bunctl.json`;

/** A daemon is started for apps that are described, or that one has known; not for names that nobody knows. */
async function connectFor(daemon: DaemonOptions, known: readonly string[] | undefined): Promise<IpcClient> {
  if (known === undefined) return connectOrStart(daemon);
  const there = await connectIfThere(daemon);
  if (there) return there;
  const ids = await knownOnDisk(daemon);
  const unknown = known.find((name) => name !== 'all' && !ids.has(appId(name) ?? ''));
  if (unknown !== undefined) throw notKnown(unknown);
  if (ids.size === 0)
    throw new CliError(EXIT.notFound, 'There are no apps yet. bunctl start NAME -- COMMAND starts one.');
  return connectOrStart(daemon);
}

export async function run(args: string[]): Promise<void> {
  const given = parse(args, START_OPTIONS, { commandLine: true });
  const apps = appsGiven(given);
  const client = await connectFor(given.daemon, apps === undefined ? given.names : undefined);
  try {
    if (apps === undefined) await startKnown(client, given.names);
    else await startAll(client, apps);
  } finally {
    await client.close();
  }
}
