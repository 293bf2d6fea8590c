// Reads the arguments of `start`: they describe one app, the apps of a file, or names that the daemon may know.
import { basename, extname } from 'node:path';
import { type AppConfig, fullConfig } from '../config/app-config.js';
import type { ConfigFile } from '../config/config-fields.js';
import { findConfig, readConfig, refuseJavaScript } from '../config/config-files.js';
import { appId } from '../../supervisor/model/app-id.js';
import { CliError, EXIT, usage } from '../terminal/exit.js';
import { say } from '../terminal/output.js';
import type { Parsed } from './arguments.js';
import { isFile } from './files.js';
import { absolutePath, currentFolder } from './folder.js';
import { checkAllAlone, checkName, checkNewName, isConfigFile, meansAll } from './names.js';
import { onWindows } from '../terminal/system-words.js';
import { hasKnownKind, type Program, programFor } from './program.js';
import { quoteWords } from './shell-words.js';
import { APP_OPTIONS, appOptionsGiven, fieldsOf } from './start-options.js';

/** The options of `start`. */
export const START_OPTIONS = {
  ...APP_OPTIONS,
  config: { type: 'string', short: 'c' },
  name: { type: 'string' },
  command: { type: 'string' },
  script: { type: 'string', short: 's' },
  wait: { type: 'boolean', optionalValue: true },
} as const;

type Arguments = Parsed<typeof START_OPTIONS>;

/** The apps to be started. */
export interface Described {
  readonly apps: readonly AppConfig[];
  /** The file that the apps are from; undefined if they are from the command line. */
  readonly file?: string;
  /** What was found in the folder; undefined for a file that was named. */
  readonly found?: 'file' | 'start-script' | undefined;
  /** The mode that was chosen in the file, by `--env MODE`. */
  readonly mode?: string | undefined;
  /** Whether these are all apps of the file. */
  readonly whole?: boolean;
}

/**
 * The apps that the arguments describe; undefined if they are only names, of apps that the daemon may know.
 *
 * @throws {CliError} exit code 2 if they make no sense.
 */
export function appsDescribed(typed: Arguments): Described | undefined {
  const app = appOfItsOwn(typed);
  if (app) return { apps: [app] };
  const { values } = typed;
  // With a file, `--env production` chooses its env_production.
  const mode = values.env?.length === 1 && !values.env[0]?.includes('=') ? values.env[0] : undefined;
  const options = [
    ...(values.name === undefined ? [] : ['name']),
    ...appOptionsGiven(mode === undefined ? values : { ...values, env: undefined }),
  ];
  if (options[0] !== undefined)
    throw usage(`--${options[0]} needs a command: bunctl start NAME --${options[0]} … -- COMMAND [ARGS…]`);
  return appsOfFile(typed, mode);
}

/** A mode has no meaning for apps that the daemon may know. */
function checkNoMode(mode: string | undefined): void {
  if (mode !== undefined)
    throw usage(`--env ${mode} is not KEY=VALUE. As a mode it needs a file: bunctl start FILE --env ${mode}`);
}

/** The apps of the file that was named, or else of the folder's; all, or those whose names were typed. */
function appsOfFile({ values, names: words }: Arguments, mode: string | undefined): Described | undefined {
  const named = values.config ?? words.slice(0, 1).find(isConfigFile);
  const names = named === values.config ? words : words.slice(1);
  checkAllAlone(names);
  const all = meansAll(names[0]);
  // Without a file, these are all apps of the daemon, as for every command.
  if (named === undefined && all) {
    checkNoMode(mode);
    return undefined;
  }
  const file =
    named === undefined ? findConfig(currentFolder(), mode) : readConfig(absolutePath(named), mode);
  for (const notice of file?.notices ?? []) say(notice);
  const implied = file?.isStartScript ? 'start-script' : 'file';
  const found = named === undefined ? implied : undefined;
  if (names.length === 0 || all) return { ...allApps(file), found, mode };
  const chosen = names.map((name) => {
    checkNoFile(name);
    const id = appId(checkName(name));
    return file?.apps.find((app) => appId(app.name) === id);
  });
  if (named === undefined && chosen.every((app) => app === undefined)) {
    checkNoMode(mode);
    return undefined;
  }
  const missing = names.filter((_name, index) => chosen[index] === undefined);
  if (missing.length > 0)
    throw usage(`${file?.path} has no app ${missing.join(', ')}.${apart(missing, names)}`);
  const apps = [...new Set(chosen)].flatMap((app) => (app && file ? [startable(file, app)] : []));
  return file && { apps, file: file.path, found, mode };
}

/** A word that is typed as a name must not be a file. */
function checkNoFile(name: string): void {
  if (isConfigFile(name) || (name.includes('/') && isFile(absolutePath(name))))
    throw usage(`${name} is a file. start takes one file, before any names`);
  if (name.includes('/')) throw usage(`There is no file ${name}`);
}

/** A hint, if some of the names are in the file and others are not. */
const apart = (missing: readonly string[], names: readonly string[]): string =>
  missing.length === names.length
    ? ''
    : ' Apps of the file and apps that only the daemon knows are started by two commands.';

/** All apps of a file that was named. */
export function fileDescribed(
  named: string,
  mode: string | undefined,
): Described & { readonly file: string } {
  const file = readConfig(absolutePath(named), mode);
  for (const notice of file.notices) say(notice);
  return { ...allApps(file), file: file.path, mode };
}

function allApps(file: ConfigFile | undefined): Described {
  if (!file)
    throw usage(
      'Nothing to start: type bunctl start NAME -- COMMAND [ARGS…], or write a bunctl.json; see bunctl start --help.',
    );
  if (file.refusal !== undefined) throw usage(file.refusal);
  return { apps: file.apps.map((app) => startable(file, app)), file: file.path, whole: true };
}

function startable({ faults }: ConfigFile, app: AppConfig): AppConfig {
  const fault = faults.get(checkNewName(app.name));
  if (fault !== undefined) throw usage(fault);
  return app;
}

/** The app of a command line or of a script; undefined if there is neither. */
function appOfItsOwn(typed: Arguments): AppConfig | undefined {
  const { names, rest, values } = typed;
  const [first] = names;
  const script = values.script ?? (values.command === undefined && isScript(first) ? first : undefined);
  const program = programTyped(script, values.command, rest);
  if (!program) return undefined;
  checkOneProgram(typed, script);
  checkOneName(typed, script);
  const ownName = values.name ?? (first === script ? undefined : first);
  const name = ownName ?? (script === undefined ? undefined : basename(script, extname(script)));
  if (name === undefined) throw usage('The app needs a name: bunctl start NAME -- COMMAND [ARGS…].');
  checkProgramsName(name, ownName === undefined ? script : undefined);
  const { command, args, env } = program;
  const fields = fieldsOf(values);
  return fullConfig(
    { name, command, args, ...fields, env: { ...env, ...(fields['env'] as object | undefined) } },
    { cwd: currentFolder() },
  );
}

/** Refuses what would be without effect beside a program. */
function checkOneProgram({ names: [first], rest, values }: Arguments, script: string | undefined): void {
  const { command, config, name, script: typed } = values;
  if (command !== undefined && typed !== undefined) throw usage('--command and --script exclude each other');
  if (config !== undefined)
    throw usage(
      `--config names a file with apps, so no program goes with it: bunctl start -c ${quoteWords([config])}`,
    );
  if (first === undefined || first === script) return;
  if (isConfigFile(first))
    throw usage(
      `${first} is a configuration file, so no program goes with it. To start its apps: bunctl start ${quoteWords([first])}`,
    );
  if (name === undefined) return;
  const asProgram = quoteWords([name, '--', first, ...(rest ?? [])]);
  const hint = script === undefined && command === undefined ? asProgram : undefined;
  throw usage(
    `"${first}" and --name "${name}" are two names for one app; give one of them.${hint === undefined ? '' : ` If "${first}" is the program: bunctl start ${hint}`}`,
  );
}

/** Refuses words that were probably meant as arguments of the app, and says how those are given. */
function checkOneName({ names, rest = [], values }: Arguments, script: string | undefined): void {
  const [first, ...others] = names;
  if (first === undefined || others.length === 0) return;
  const chosen = script === undefined || script === first ? [] : ['-s', script];
  const program = values.command === undefined ? [] : [values.command];
  const line = quoteWords([first, ...chosen, '--', ...program, ...rest, ...others]);
  throw usage(
    `One command is one app, so it takes one name. Arguments of the app go after --: bunctl start ${line}`,
  );
}

/** The name of an app that was described, perhaps that of its file. */
function checkProgramsName(name: string, file: string | undefined): void {
  try {
    checkNewName(name);
  } catch (cause) {
    if (file === undefined) throw cause;
    const { message } = cause as Error;
    throw new CliError(
      EXIT.usage,
      `${message}; an app is named after its file. To give it another name: bunctl start -s ${quoteWords([file])} --name NAME`,
      { cause },
    );
  }
}

/** Program and arguments; nothing is ever split into words. */
function programTyped(
  script: string | undefined,
  command: string | undefined,
  rest: readonly string[] | undefined,
): Program | undefined {
  if (script !== undefined) return programFor(checkedScript(script), rest);
  if (command !== undefined) return { command, args: rest ?? [], env: {} };
  if (rest === undefined) return undefined;
  const [program, ...args] = rest;
  if (program === undefined) throw usage('The command goes after --: bunctl start NAME -- COMMAND [ARGS…].');
  return { command: program, args, env: {} };
}

function checkedScript(script: string): string {
  const path = absolutePath(script);
  if (!isFile(path)) throw usage(`There is no file ${path}`);
  // It would run, do nothing, and exit with 0. A configuration file is not meant to be run.
  if (/\.config\.[cm]?[jt]s$/.test(script)) refuseJavaScript(path);
  return path;
}

/** Whether a word is a file to run: it exists, and is a path or has a known kind. */
function isScript(word: string | undefined): boolean {
  return (
    word !== undefined &&
    !isConfigFile(word) &&
    (hasKnownKind(word) || word.includes('/') || (onWindows && word.includes('\\'))) &&
    isFile(absolutePath(word))
  );
}
