// bunctl start
import { COMMON_HELP, parse } from '../arguments.js';
import { connectOrStart } from '../connect.js';
import { appsGiven, START_OPTIONS } from '../given.js';
import { startAll, startKnown } from '../starting.js';

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
      --max-memory BYTES     reported by status
      --uid, --gid ID        run it as another user or group
${COMMON_HELP}

Examples:
  bunctl start api -- node server.js --port 3000
  bunctl start server.js
  bunctl start worker --env QUEUE=mail --auto-restart -- ./worker.sh
  bunctl start -c bunctl.json`;

export async function run(args: string[]): Promise<void> {
  const given = parse(args, START_OPTIONS, { commandLine: true });
  const apps = appsGiven(given);
  const client = await connectOrStart(given.daemon);
  try {
    if (apps === undefined) await startKnown(client, given.names);
    else await startAll(client, apps);
  } finally {
    await client.close();
  }
}
