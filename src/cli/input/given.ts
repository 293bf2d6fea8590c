// What the arguments of `start` describe: one app of their own, those of a file, or names that the daemon may know.
import { existsSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { type AppConfig, fullConfig } from '../config/app-config.js';
import { type parse, positive, whole } from './arguments.js';
import { findConfig, readConfig } from '../config/config-files.js';
import { parseSize } from './sizes.js';
import { environmentGiven } from '../daemon/environment.js';
import { usage } from '../terminal/exit.js';
import { checkName, checkNewName, isConfigFile } from '../daemon/each-app.js';
import { say } from '../terminal/output.js';
import { appId } from '../../supervisor/model/app-id.js';

/** The options of `start` that describe an app, or say where it is described. */
export const START_OPTIONS = {
  config: { type: 'string', short: 'c' },
  name: { type: 'string' },
  command: { type: 'string' },
  script: { type: 'string', short: 's' },
  cwd: { type: 'string', short: 'd' },
  env: { type: 'string', short: 'e', multiple: true },
  'auto-restart': { type: 'boolean' },
  restart: { type: 'string' },
  'stop-timeout': { type: 'string' },
  'max-restarts': { type: 'string' },
  'max-memory': { type: 'string' },
  'max-cpu': { type: 'string' },
  uid: { type: 'string' },
  gid: { type: 'string' },
} as const;

type Given = ReturnType<typeof parse<typeof START_OPTIONS>>;

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

/** The apps that the arguments describe; undefined: those that the daemon knows by their names. */
export function appsGiven(given: Given): readonly AppConfig[] | undefined {
  const adHoc = oneApp(given);
  if (adHoc) return [adHoc];
  for (const option of [
    'name',
    'cwd',
    'env',
    'auto-restart',
    'restart',
    'stop-timeout',
    'max-restarts',
    'max-memory',
    'max-cpu',
    'uid',
    'gid',
  ] as const)
    if (given.values[option] !== undefined)
      throw usage(`--${option} needs a command: bunctl start NAME --${option} … -- COMMAND [ARGS…]`);
  const { values } = given;
  const file = values.config ?? given.names.slice(0, 1).find(isConfigFile);
  const names = file === values.config ? given.names : given.names.slice(1);
  const found = file === undefined ? findConfig(process.cwd()) : readConfig(file);
  for (const notice of found?.notices ?? []) say(notice);
  if (names.length === 0 || (names.length === 1 && names[0] === 'all' && found)) {
    if (!found)
      throw usage(
        'What is to be started? bunctl start NAME -- COMMAND [ARGS…]; or write a bunctl.json, see bunctl start --help.',
      );
    if (found.apps.length === 0) throw usage(`${found.path} has no apps.`);
    for (const { name } of found.apps) checkNewName(name);
    return found.apps;
  }
  const chosen = names.map((name) => {
    const id = appId(checkName(name));
    return found?.apps.find((app) => appId(app.name) === id);
  });
  if (file === undefined && chosen.every((app) => app === undefined)) return undefined;
  return chosen.map((app, index) => {
    if (!app) throw usage(`${found?.path} has no app ${names[index]}.`);
    return app;
  });
}

function oneApp({ names, rest, values }: Given): AppConfig | undefined {
  const [first] = names;
  const script =
    values.script ?? (rest === undefined && values.command === undefined ? scriptNamed(first) : undefined);
  const line = commandLine(script, values.command, rest);
  if (!line) return undefined;
  if (names.length > 1)
    throw usage(
      `One command is one app: give one name. Its arguments stand behind --: bunctl start ${first} -- ${[...(rest ?? []), ...names.slice(1)].join(' ')}`,
    );
  const ownName = values.name ?? (first !== undefined && first !== script ? first : undefined);
  const name = ownName ?? (script === undefined ? undefined : nameOf(script));
  if (name === undefined) throw usage('The app needs a name: bunctl start NAME -- COMMAND [ARGS…].');
  checkNewName(name);
  const policy = values.restart ?? (values['auto-restart'] ? 'always' : undefined);
  if (policy !== undefined && !['no', 'always', 'on-failure', 'unless-stopped'].includes(policy))
    throw usage('--restart is one of no, always, on-failure and unless-stopped.');
  return fullConfig(
    {
      name,
      command: line[0],
      args: line.slice(1),
      env: environmentGiven(values.env ?? []),
      auto_start: values['auto-restart'] === true,
      ...(values.cwd === undefined ? {} : { cwd: values.cwd }),
      ...(policy === undefined ? {} : { restart_policy: policy }),
      ...(values['max-memory'] === undefined ? {} : { max_memory: bytes(values['max-memory']) }),
      ...(values['stop-timeout'] === undefined ? {} : { stop_timeout: time(values['stop-timeout']) }),
      ...(values['max-restarts'] === undefined
        ? {}
        : { backoff: { max_attempts: whole(values['max-restarts'], '--max-restarts') } }),
      ...(values['max-cpu'] === undefined
        ? {}
        : { max_cpu_percent: positive(values['max-cpu'], '--max-cpu') }),
      ...(values.uid === undefined ? {} : { uid: whole(values.uid, '--uid') }),
      ...(values.gid === undefined ? {} : { gid: whole(values.gid, '--gid') }),
    },
    { cwd: process.cwd() },
  );
}

function bytes(text: string): number {
  const size = parseSize(text);
  if (size === undefined)
    throw usage(`--max-memory needs a number with k, m or g, such as 512M, not "${text}"`);
  return size;
}

/** As in a file: `"500ms"`, `"20s"`, `"2m"`; a bare number is seconds. */
function time(text: string): string {
  if (!/^\d+(\.\d+)?\s*(ms|s|m|h)?$/.test(text))
    throw usage(`--stop-timeout needs a time such as 20s or 2m, not "${text}"`);
  return /\d$/.test(text) ? `${text}s` : text;
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
  // It would run, do nothing, and end well: nobody starts a configuration to run it.
  if (name !== undefined && /\.config\.[cm]?[jt]s$/.test(name) && existsSync(name)) readConfig(name);
  return name !== undefined &&
    (Object.hasOwn(INTERPRETERS, extname(name)) || name.includes('/')) &&
    existsSync(name)
    ? name
    : undefined;
}

function nameOf(script: string): string {
  return basename(script, extname(script));
}
