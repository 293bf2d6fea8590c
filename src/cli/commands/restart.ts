// bunctl restart
import type { IpcClient } from '../../client/client.js';
import { applyFile } from '../daemon/apply-file.js';
import { restartApp, type RestartOptions } from '../daemon/change-app.js';
import { expandAll, forEachApp, resolveNames } from '../daemon/each-app.js';
import { withDaemon } from '../daemon/find.js';
import { checkKillEscaped, KILL_ESCAPED, KILL_ESCAPED_HELP } from '../daemon/kill-escaped.js';
import { refuseOtherFiles } from '../daemon/meant.js';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { isConfigFile } from '../input/names.js';
import { fileDescribed } from '../input/start-arguments.js';
import { APP_OPTIONS, appOptionsGiven, fieldsOf } from '../input/start-options.js';
import { usage } from '../terminal/exit.js';
import { print } from '../terminal/output.js';

export const help = `Restarts apps; an app that is stopped is started. A file is applied: its changed apps are restarted with what
it says now, its new apps are started.

Usage: bunctl restart NAME… | FILE.json | all [OPTIONS]

      --update-env     give it the environment of this command; without it, an app keeps what it was started with
  -e, --env KEY=VALUE  add a variable to its environment, or change it; may be repeated
      --cwd, --restart, --auto-restart, --no-auto-restart, --stop-timeout, --max-restarts, --max-memory, --max-cpu,
      --uid, --gid, --log-…
                       change these; see bunctl start --help
${KILL_ESCAPED_HELP}
${COMMON_HELP}

Examples:
  bunctl restart api
  bunctl restart api -e PORT=8080 --max-memory 1G
  bunctl restart bunctl.json
  bunctl restart all`;

export async function run(args: string[]): Promise<void> {
  const { names, daemon, values } = parse(args, {
    ...APP_OPTIONS,
    ...KILL_ESCAPED,
    'update-env': { type: 'boolean' },
  });
  if (names.length === 0) throw usage('Which app? Type bunctl restart NAME, or bunctl restart all.');
  await refuseOtherFiles(names);
  const file = names.find(isConfigFile);
  const mode = values.env?.length === 1 && !values.env[0]?.includes('=') ? values.env[0] : undefined;
  const changes = appOptionsGiven(
    file !== undefined && mode !== undefined ? { ...values, env: undefined } : values,
  );
  if (file !== undefined && values['kill-escaped'])
    throw usage(
      `--kill-escaped goes with names of apps, not with a file: bunctl restart NAME --kill-escaped`,
    );
  if (file !== undefined && changes[0] !== undefined)
    throw usage(`--${changes[0]} changes an app, not a file; change it in ${file} instead`);
  const options: RestartOptions = {
    fields: file === undefined ? fieldsOf(values) : {},
    updateEnv: values['update-env'] === true,
    killEscaped: values['kill-escaped'] === true,
  };
  await withDaemon(daemon, { start: 'if-left' }, async (client) => {
    await checkKillEscaped(client, values);
    const rest = await applyFiles(client, names, options, mode);
    if (rest.length === 0) return;
    const apps = await expandAll(client, await resolveNames(rest), {
      command: 'restart',
      none: 'There are no apps.',
    });
    await forEachApp(client, daemon, apps, async (each, name) =>
      print(await restartApp(each, name, options)),
    );
  });
}

/** Applies the files among the names, if the daemon knows how to; returns the other names. */
async function applyFiles(
  client: IpcClient,
  names: readonly string[],
  { updateEnv }: RestartOptions,
  mode: string | undefined,
): Promise<string[]> {
  const rest: string[] = [];
  for (const name of names) {
    const applied =
      isConfigFile(name) &&
      (await applyFile(client, fileDescribed(name, mode), { restart: true, updateEnv }));
    if (!applied) rest.push(name);
  }
  return rest;
}
