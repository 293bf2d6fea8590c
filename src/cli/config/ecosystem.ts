// Translates pm2's ecosystem files. Nothing in them is executed; docs/cli.md has the table of keys.
import { existsSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { isFile } from '../input/files.js';
import { hasKnownKind, interpreted, type Program, programFor } from '../input/program.js';
import { type AppConfig, fullConfig } from './app-config.js';
import {
  appsOf,
  complete,
  type ConfigFile,
  ConfigFileError,
  type Fields,
  isObject,
  withoutEffect,
} from './config-fields.js';
import {
  type EcosystemApp,
  firstTextIn,
  flagIn,
  idIn,
  memoryIn,
  millisecondsIn,
  portIn,
  textIn,
  variablesIn,
  wholeIn,
  wordsIn,
} from './ecosystem-fields.js';

/** The keys that may name the script, the first that is given first. */
const SCRIPT = ['script', 'exec', 'cmd', 'command'];

const INTERPRETERS_ARGS = ['node_args', 'interpreter_args', 'interpreterArgs'];
const HOUR = 3_600_000;

/** Keys of an ecosystem app that have an effect here. */
const HONOURED: ReadonlySet<string> = new Set([
  ...SCRIPT,
  ...['name', 'args', 'cwd', 'env', 'port', 'uid', 'gid'],
  ...['interpreter', 'exec_interpreter', 'node_args', 'interpreter_args', 'interpreterArgs'],
  ...['autostart', 'autorestart', 'restart_delay', 'exp_backoff_restart_delay', 'max_restarts'],
  ...['kill_timeout', 'max_memory_restart', 'instances', 'exec_mode'],
]);

/**
 * Translates an ecosystem file.
 *
 * @param mode Which `env_MODE` is added to each app's `env`; undefined for none.
 * @throws {ConfigFileError}
 */
export function ecosystem(path: string, content: Fields, mode?: string): ConfigFile {
  const { apps: given } = content;
  const all = appsOf(path, { apps: isObject(given) ? [given] : given });
  if (mode !== undefined && !all.some((fields) => `env_${mode}` in fields))
    throw new ConfigFileError(`${path}: no app has an env_${mode}, which --env ${mode} asks for`);
  const notices: string[] =
    (content['deploy'] ?? undefined) !== undefined ? [`${path}: deploy has no effect`] : [];
  const faults = new Map<string, string>();
  const apps = all.map((fields, index) => {
    const app = { fields, name: nameOf(path, fields, index), path };
    notices.push(...noticesAbout(app));
    return translate(app, mode, {
      onFault: (fault) => faults.set(app.name, fault),
      onNotice: (notice) => notices.push(notice),
    });
  });
  return { ...complete(path, apps, notices), faults };
}

/** As pm2 has it: the script's name without its extension when there is no name. */
function nameOf(path: string, fields: Fields, index: number): string {
  const app = { fields, name: `apps[${index}]`, path };
  const name = textIn(app, 'name');
  if (name !== undefined && name !== '') return name;
  const script = firstTextIn(app, SCRIPT);
  if (name === undefined && script !== undefined) return basename(script, extname(script));
  throw new ConfigFileError(`${path}: apps[${index}] needs a "name"`);
}

function noticesAbout({ fields, name, path }: EcosystemApp): string[] {
  const { instances, exec_mode: execMode } = fields;
  return [
    ...((instances ?? undefined) !== undefined && Number(instances) !== 1
      ? [`${path}: one instance of ${name} is started; several are not supported`]
      : []),
    ...(execMode === 'cluster' || execMode === 'cluster_mode'
      ? [`${path}: ${name} is started as a plain process; cluster mode is not supported`]
      : []),
    ...withoutEffect(
      path,
      name,
      Object.keys(fields).filter(
        (key) => fields[key] !== null && !HONOURED.has(key) && !key.startsWith('env_'),
      ),
    ),
  ];
}

interface ProgramHooks {
  /** The app cannot be started. */
  readonly onFault: (fault: string) => void;
  readonly onNotice: (notice: string) => void;
}

function translate(app: EcosystemApp, mode: string | undefined, hooks: ProgramHooks): AppConfig {
  const folder = resolve(dirname(app.path), textIn(app, 'cwd') ?? '');
  const delays = ['exp_backoff_restart_delay', 'restart_delay'].map((key) => millisecondsIn(app, key));
  const first = delays.find((ms) => ms !== undefined && ms > 0);
  const most = wholeIn(app, 'max_restarts');
  const program = programOf(app, folder, hooks);
  return fullConfig(
    {
      name: app.name,
      command: program.command,
      args: program.args,
      env: {
        ...program.env,
        ...portIn(app),
        ...variablesIn(app, 'env'),
        ...(mode === undefined ? {} : variablesIn(app, `env_${mode}`)),
      },
      auto_start: flagIn(app, 'autostart') ?? true,
      restart_policy: (flagIn(app, 'autorestart') ?? true) ? 'always' : 'no',
      max_memory: memoryIn(app, 'max_memory_restart'),
      stop_timeout: (millisecondsIn(app, 'kill_timeout', HOUR) ?? 5000) / 1000,
      backoff: {
        ...(first === undefined ? {} : { base_delay_ms: first }),
        ...(most === undefined ? {} : { max_attempts: most }),
      },
      cwd: folder,
      ...idIn(app, 'uid'),
      ...idIn(app, 'gid'),
    },
    { cwd: folder },
  );
}

/**
 * Chooses the program as pm2 does: the interpreter that is named; `sh -c` for a script with blanks; a file by what it
 * is; a program in the PATH.
 */
function programOf(app: EcosystemApp, folder: string, { onFault, onNotice }: ProgramHooks): Program {
  const { name, path } = app;
  const script = firstTextIn(app, SCRIPT);
  if (script === undefined) throw new ConfigFileError(`${path}: ${name} needs a "script"`);
  const args = wordsIn(app, 'args');
  const own = INTERPRETERS_ARGS.flatMap((key) => wordsIn(app, key));
  const named = firstTextIn(app, ['interpreter', 'exec_interpreter']);
  if (named?.includes('@'))
    throw new ConfigFileError(
      `${path}: interpreter "${named}" of ${name} needs nvm, which is not supported; give the path of that node`,
    );
  const file = resolve(folder, script);
  const isScript = isFile(file);
  const isLine = !isScript && /\s/.test(script) && named === undefined;
  const missing = !isScript && (script.includes('/') || hasKnownKind(script));
  // An interpreter may run a folder as well.
  const isRead = named === undefined ? own.length > 0 && !isLine : named !== 'none';
  if (isRead ? !existsSync(file) : missing && !/\s/.test(script))
    onFault(`${path}: there is no file ${file}, the script of ${name}`);
  const idle = ['args', ...INTERPRETERS_ARGS].filter((key) => wordsIn(app, key).length > 0);
  if (isLine && idle.length > 0)
    onNotice(
      `${path}: ${idle.join(', ')} of ${name} have no effect: its script is a command line, which may hold them`,
    );
  if (named === 'none') return { command: isScript || missing ? file : script, args, env: {} };
  if (named !== undefined) return interpreted([named, ...own], [file, ...args]);
  if (isLine) return { command: 'sh', args: ['-c', script], env: {} };
  if (own.length > 0) return interpreted(['node', ...own], [file, ...args]);
  if (!isScript && !missing) return { command: script, args, env: {} };
  try {
    return programFor(file, args, ['node']);
  } catch (error) {
    onFault(`${path}: ${name}: ${(error as Error).message}`);
    return { command: file, args, env: {} };
  }
}
