// bunctl start
import { existsSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import type { IpcClient } from '../../client/client.js';
import { type AppConfig, fullConfig } from '../app-config.js';
import { COMMON_HELP, parse, positive, whole } from '../arguments.js';
import { findConfig, readConfig } from '../config-files.js';
import { connectOrStart } from '../connect.js';
import { environmentGiven, withCallersEnvironment } from '../environment.js';
import { CliError, EXIT, exitCodeOf, usage } from '../exit.js';
import { checkName } from '../names.js';
import { print, say } from '../output.js';
import { allStatuses, askMessage } from '../wire.js';

export const help = `Starts an app, and the daemon if none runs.

Usage: bunctl start NAME -- COMMAND [ARGS…]
       bunctl start FILE.js             the name is the file's
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

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  command: { type: 'string' },
  script: { type: 'string', short: 's' },
  cwd: { type: 'string', short: 'd' },
  env: { type: 'string', short: 'e', multiple: true },
  'auto-restart': { type: 'boolean' },
  restart: { type: 'string' },
  'max-memory': { type: 'string' },
  'max-cpu': { type: 'string' },
  uid: { type: 'string' },
  gid: { type: 'string' },
} as const;

type Given = ReturnType<typeof parse<typeof OPTIONS>>;

/** What is started by itself, by what ends its name. */
const INTERPRETERS: Readonly<Record<string, string>> = {
  '.js': 'node',
  '.mjs': 'node',
  '.cjs': 'node',
  '.ts': 'node',
  '.py': 'python3',
  '.sh': 'sh',
  '.rb': 'ruby',
};

export async function run(args: string[]): Promise<void> {
  const given = parse(args, OPTIONS);
  const apps = appsGiven(given);
  const client = await connectOrStart(given.daemon);
  try {
    if (apps === undefined) await startKnown(client, given.names);
    else await startAll(client, apps);
  } finally {
    await client.close();
  }
}

/** The apps that the arguments describe; undefined: those that the daemon knows by their names. */
function appsGiven(given: Given): AppConfig[] | undefined {
  const adHoc = oneApp(given);
  if (adHoc) return [adHoc];
  for (const option of [
    'cwd',
    'env',
    'auto-restart',
    'restart',
    'max-memory',
    'max-cpu',
    'uid',
    'gid',
  ] as const)
    if (given.values[option] !== undefined)
      throw usage(`--${option} needs a command: bunctl start NAME --${option} … -- COMMAND [ARGS…]`);
  const { names, values } = given;
  const found = values.config === undefined ? findConfig(process.cwd()) : readConfig(values.config);
  for (const notice of found?.notices ?? []) say(notice);
  if (names.length === 0 || (names.length === 1 && names[0] === 'all' && found)) {
    if (!found)
      throw usage(
        'What is to be started? bunctl start NAME -- COMMAND [ARGS…]; or write a bunctl.json, see bunctl start --help.',
      );
    if (found.apps.length === 0) throw usage(`${found.path} has no apps.`);
    return found.apps.map(withCallersEnvironment);
  }
  names.forEach(checkName);
  const chosen = names.map((name) => found?.apps.find((app) => app.name === name));
  if (chosen.every((app) => app === undefined)) {
    if (values.config !== undefined) throw usage(`${values.config} has no app ${names.join(', ')}.`);
    return undefined;
  }
  return chosen.map((app, index) => {
    if (!app) throw usage(`${found?.path} has no app ${names[index]}.`);
    return withCallersEnvironment(app);
  });
}

function oneApp({ names, rest, values }: Given): AppConfig | undefined {
  const [first] = names;
  const script =
    values.script ?? (rest === undefined && values.command === undefined ? scriptNamed(first) : undefined);
  const line = commandLine(script, values.command, rest);
  if (!line) return undefined;
  if (names.length > 1) throw usage('One command is one app: give one name.');
  const ownName = first !== undefined && first !== script;
  const name = ownName ? checkName(first) : script !== undefined ? nameOf(script) : undefined;
  if (name === undefined) throw usage('The app needs a name: bunctl start NAME -- COMMAND [ARGS…].');
  const policy = values.restart ?? (values['auto-restart'] ? 'always' : undefined);
  if (policy !== undefined && !['no', 'always', 'on-failure', 'unless-stopped'].includes(policy))
    throw usage('--restart is one of no, always, on-failure and unless-stopped.');
  return withCallersEnvironment(
    fullConfig(
      {
        name,
        command: line[0],
        args: line.slice(1),
        env: environmentGiven(values.env ?? []),
        auto_start: values['auto-restart'] === true,
        ...(values.cwd === undefined ? {} : { cwd: values.cwd }),
        ...(policy === undefined ? {} : { restart_policy: policy }),
        ...(values['max-memory'] === undefined
          ? {}
          : { max_memory: whole(values['max-memory'], '--max-memory') }),
        ...(values['max-cpu'] === undefined
          ? {}
          : { max_cpu_percent: positive(values['max-cpu'], '--max-cpu') }),
        ...(values.uid === undefined ? {} : { uid: whole(values.uid, '--uid') }),
        ...(values.gid === undefined ? {} : { gid: whole(values.gid, '--gid') }),
      },
      { cwd: process.cwd() },
    ),
  );
}

/** Program and arguments; nothing is ever split into words. */
function commandLine(
  script: string | undefined,
  command: string | undefined,
  rest: readonly string[] | undefined,
): readonly string[] | undefined {
  if (script !== undefined) {
    const interpreter = INTERPRETERS[extname(script)];
    return [...(interpreter === undefined ? [] : [interpreter]), resolve(script), ...(rest ?? [])];
  }
  if (command !== undefined) return [command, ...(rest ?? [])];
  if (rest === undefined) return undefined;
  if (rest.length === 0) throw usage('Behind -- stands the command: bunctl start NAME -- COMMAND [ARGS…].');
  return rest;
}

function scriptNamed(name: string | undefined): string | undefined {
  return name !== undefined &&
    (Object.hasOwn(INTERPRETERS, extname(name)) || name.includes('/')) &&
    existsSync(name)
    ? name
    : undefined;
}

function nameOf(script: string): string {
  return basename(script, extname(script));
}

async function startAll(client: IpcClient, apps: readonly AppConfig[]): Promise<void> {
  const failures: Error[] = [];
  for (const app of apps) {
    try {
      print(await askMessage(client, { Start: { name: app.name, config: JSON.stringify(app) } }));
    } catch (error) {
      if (exitCodeOf(error) === EXIT.unreachable) throw error;
      const failure = withHint(error as Error, app);
      failures.push(failure);
      if (apps.length > 1) say(failure.message);
    }
  }
  const [first] = failures;
  if (!first) return;
  throw apps.length === 1
    ? first
    : new CliError(exitCodeOf(first), `${failures.length} of ${apps.length} failed`);
}

function withHint(error: Error, { command, name }: AppConfig): Error {
  return /No such file/.test(error.message) && /\s/.test(command)
    ? new CliError(
        exitCodeOf(error),
        `${error.message}. A command is not split into words: bunctl start ${name} -- ${command}`,
        { cause: error },
      )
    : error;
}

/** Apps that no file describes: the daemon knows them, or nobody does. */
async function startKnown(client: IpcClient, names: readonly string[]): Promise<void> {
  const apps = await allStatuses(client);
  const wanted = names.includes('all') ? apps.map(({ name }) => name) : names;
  const failures: unknown[] = [];
  for (const name of wanted) {
    try {
      const app = apps.find((one) => one.name === name.toLowerCase());
      if (app?.state === 'Running') print(`App ${name} is running already (pid ${app.pid})`);
      else print(await askMessage(client, { Restart: { name } }));
    } catch (error) {
      const unknown = exitCodeOf(error) === EXIT.notFound;
      const told = unknown
        ? new CliError(
            EXIT.notFound,
            `App ${name} not found. To start a new one: bunctl start ${name} -- COMMAND [ARGS…]`,
          )
        : error;
      failures.push(told);
      if (wanted.length > 1) say((told as Error).message);
    }
  }
  if (failures.length === 0) return;
  if (wanted.length === 1) throw failures[0];
  throw new CliError(exitCodeOf(failures[0]), `${failures.length} of ${wanted.length} failed`);
}
