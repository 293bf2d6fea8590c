// bunctl start
import type { IpcClient } from '../../client/client.js';
import { appId } from '../../supervisor/model/app-id.js';
import { applyFile, noApps } from '../daemon/apply-file.js';
import { appsOnDisk, type DaemonOptions, withDaemon } from '../daemon/find.js';
import { inTurn } from '../daemon/in-turn.js';
import { startDescribed, startKnown, unknownApp } from '../daemon/start-apps.js';
import { waitTime, waitUntilStable } from '../daemon/wait.js';
import { refuseOtherFiles } from '../daemon/meant.js';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { distinct, meansAll } from '../input/names.js';
import { appsDescribed, type Described, START_OPTIONS } from '../input/start-arguments.js';
import { LOG_HELP } from '../input/start-options.js';
import { CliError, EXIT } from '../terminal/exit.js';
import { STOP_TIMEOUT_HELP, USER_HELP } from '../terminal/system-words.js';

export const help = `Starts an app, and the daemon if none is running.

Usage: bunctl start NAME -- COMMAND [ARGS…]
       bunctl start FILE [-- ARGS…]     run a file; the app is named after it
       bunctl start FILE.json [NAME…]   the apps of a file, or some of them
       bunctl start [NAME…]             the apps of bunctl.json, or some of them; or apps that the daemon knows

  -c, --config FILE          read the apps from this file
      --command COMMAND      the program; its arguments go after --
  -s, --script FILE          run a file: by itself if it is executable, or with the interpreter of its kind
  -d, --cwd FOLDER           where it runs (default: here)
  -e, --env KEY=VALUE        add a variable to its environment; may be repeated
      --auto-restart         restart it whenever it ends, and start it with the daemon
      --no-auto-restart      do neither; with --restart POLICY, only the start with the daemon is taken back
      --restart POLICY       no, always, on-failure (default) or unless-stopped
      --name NAME            another way to give the name
      --stop-timeout TIME    ${STOP_TIMEOUT_HELP}
      --max-restarts N       give up after this many restarts in a row (default: never)
      --max-memory SIZE      restart it when its processes hold more memory, such as 512M (default 0: no limit)
      --max-cpu PERCENT      shown by status --json, not enforced (default 0: none)
      --uid, --gid ID        ${USER_HELP}
${LOG_HELP}
      --env MODE             with an ecosystem file: add each app's env_MODE, such as production
      --wait[=SECONDS]       return when it has run that long (default 2); fail with the end of its log if not
${COMMON_HELP}

Examples:
  bunctl start api -- node server.js --port 3000
  bunctl start server.js -- --port 3000
  bunctl start worker --env QUEUE=mail --auto-restart -- ./worker.sh
  bunctl start -c bunctl.json`;

/** Refuses unknown names before a daemon is started for them. */
async function checkKnown(daemon: DaemonOptions, names: readonly string[]): Promise<void> {
  const ids = await appsOnDisk(daemon);
  const unknown = distinct(names).filter((name) => !meansAll(name) && !ids.has(appId(name) ?? ''));
  await inTurn(unknown, async (name) => {
    throw unknownApp(name);
  });
  if (ids.size === 0)
    throw new CliError(
      EXIT.notFound,
      'There are no apps yet. To start one: bunctl start NAME -- COMMAND. To start those of a bunctl.json: bunctl start',
    );
}

export async function run(args: string[]): Promise<void> {
  const typed = parse(args, START_OPTIONS, { commandLine: true });
  const { daemon, names, values } = typed;
  const wait = waitTime(values.wait);
  if (typed.rest === undefined) await refuseOtherFiles(names);
  const described = appsDescribed(typed);
  const before = async (): Promise<void> => {
    if (!described) await checkKnown(daemon, names);
    // A file without apps stops those that came from it, for which no daemon is started.
    else if (described.apps.length === 0) throw noApps(described.file);
  };
  await withDaemon(daemon, { start: 'always', before }, async (client) => {
    const since = Date.now();
    const started = described ? await startAll(client, described) : await startKnown(client, names);
    if (wait !== undefined) await waitUntilStable(client, started, { ms: wait, since });
  });
}

/** Starts apps that were described; a file is applied if the daemon knows how to. */
async function startAll(client: IpcClient, described: Described): Promise<string[]> {
  const { apps, file } = described;
  const applied =
    file !== undefined &&
    (await applyFile(client, { ...described, file }, { restart: false, updateEnv: false }));
  if (!applied && apps.length === 0) throw noApps(file);
  if (!applied) await startDescribed(client, described);
  return apps.map(({ name }) => name);
}
