// Translates pm2's ecosystem files. Nothing in them is executed; docs/cli.md has the table of keys.
import { basename, dirname, extname, resolve } from 'node:path';
import { isFile } from '../input/files.js';
import { hasKnownKind, interpreted, type Program, programFor } from '../input/program.js';
import { splitWords } from '../input/shell-words.js';
import { parseSize } from '../input/sizes.js';
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

/** Keys of an ecosystem app that have an effect here. */
const HONOURED: ReadonlySet<string> = new Set([
  ...['name', 'script', 'exec', 'cmd', 'command', 'args', 'cwd', 'env', 'port', 'uid', 'gid'],
  ...['interpreter', 'exec_interpreter', 'node_args', 'interpreter_args', 'interpreterArgs'],
  ...['autostart', 'autorestart', 'restart_delay', 'exp_backoff_restart_delay', 'max_restarts'],
  ...['kill_timeout', 'max_memory_restart', 'instances', 'exec_mode'],
]);

/** An app of the file, and where the messages about it say that it is. */
interface App {
  readonly fields: Fields;
  readonly name: string;
  readonly path: string;
}

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
  const notices: string[] = 'deploy' in content ? [`${path}: deploy has no effect`] : [];
  const faults = new Map<string, string>();
  const apps = all.map((fields, index) => {
    const app = { fields, name: nameOf(path, fields, index), path };
    notices.push(...noticesAbout(app));
    return translate(app, mode, (fault) => faults.set(app.name, fault));
  });
  return { ...complete(path, apps, notices), faults };
}

/** As pm2 has it: the script's name without its extension when there is no name. */
function nameOf(path: string, fields: Fields, index: number): string {
  const { name } = fields;
  if (typeof name === 'string' && name !== '') return name;
  const script = scriptOf(fields);
  if (name === undefined && script !== undefined) return basename(script, extname(script));
  throw new ConfigFileError(`${path}: apps[${index}] needs a "name"`);
}

function scriptOf({ script, exec, cmd, command }: Fields): string | undefined {
  return [script, exec, cmd, command].find(
    (value): value is string => typeof value === 'string' && value !== '',
  );
}

function noticesAbout({ fields, name, path }: App): string[] {
  const { instances, exec_mode: execMode } = fields;
  return [
    ...(instances !== undefined && instances !== 1
      ? [`${path}: one instance of ${name} is started; several are not supported`]
      : []),
    ...(execMode === 'cluster' || execMode === 'cluster_mode'
      ? [`${path}: ${name} is started as a plain process; cluster mode is not supported`]
      : []),
    ...withoutEffect(
      path,
      name,
      Object.keys(fields).filter((key) => !HONOURED.has(key) && !key.startsWith('env_')),
    ),
  ];
}

function translate(app: App, mode: string | undefined, onFault: (fault: string) => void): AppConfig {
  const { fields, path } = app;
  const folder = typeof fields['cwd'] === 'string' ? resolve(dirname(path), fields['cwd']) : dirname(path);
  const { restart_delay: delay, exp_backoff_restart_delay: backoff, max_restarts: most } = fields;
  const { kill_timeout: kill, port } = fields;
  const first = [backoff, delay].find((ms) => typeof ms === 'number' && ms > 0);
  const program = programOf(app, folder, onFault);
  return fullConfig(
    {
      name: app.name,
      command: program.command,
      args: program.args,
      env: {
        ...program.env,
        ...(typeof port === 'number' || typeof port === 'string' ? { PORT: String(port) } : {}),
        ...environmentOf(fields['env']),
        ...(mode === undefined ? {} : environmentOf(fields[`env_${mode}`])),
      },
      auto_start: fields['autostart'] !== false,
      restart_policy: fields['autorestart'] === false ? 'no' : 'always',
      max_memory: memoryOf(app),
      stop_timeout: (typeof kill === 'number' ? kill : 5000) / 1000,
      backoff: {
        ...(first === undefined ? {} : { base_delay_ms: first }),
        ...(typeof most === 'number' ? { max_attempts: most } : {}),
      },
      cwd: folder,
      ...idOf(app, 'uid'),
      ...idOf(app, 'gid'),
    },
    { cwd: folder },
  );
}

/**
 * Chooses the program as pm2 does: the interpreter that is named; `sh -c` for a script with blanks; a file by what it
 * is; a program in the PATH.
 */
function programOf(app: App, folder: string, onFault: (fault: string) => void): Program {
  const { fields, name, path } = app;
  const script = scriptOf(fields);
  if (script === undefined) throw new ConfigFileError(`${path}: ${name} needs a "script"`);
  const args = wordsOf(app, 'args');
  const own = ['node_args', 'interpreter_args', 'interpreterArgs'].flatMap((key) => wordsOf(app, key));
  const named = fields['interpreter'] ?? fields['exec_interpreter'];
  if (typeof named === 'string' && named.includes('@'))
    throw new ConfigFileError(
      `${path}: interpreter "${named}" of ${name} needs nvm, which is not supported; give the path of that node`,
    );
  const file = resolve(folder, script);
  const isScript = isFile(file);
  const missing = !isScript && (script.includes('/') || hasKnownKind(script));
  if (missing && !/\s/.test(script)) onFault(`${path}: there is no file ${file}, the script of ${name}`);
  if (named === 'none') return { command: isScript || missing ? file : script, args, env: {} };
  if (typeof named === 'string') return interpreted([named, ...own], [file, ...args]);
  if (!isScript && /\s/.test(script)) return { command: 'sh', args: ['-c', script], env: {} };
  if (own.length > 0) return interpreted(['node', ...own], [file, ...args]);
  if (!isScript && !missing) return { command: script, args, env: {} };
  try {
    return programFor(file, args, ['node']);
  } catch (error) {
    onFault(`${path}: ${name}: ${(error as Error).message}`);
    return { command: file, args, env: {} };
  }
}

/** A text is split as a shell does; a list is taken as it is. */
function wordsOf({ fields, name, path }: App, key: string): readonly string[] {
  const value = fields[key];
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.map(String);
  if (typeof value !== 'string')
    throw new ConfigFileError(`${path}: ${key} of ${name} must be text or a list`);
  const words = splitWords(value);
  if (words) return words;
  throw new ConfigFileError(`${path}: ${key} of ${name} has a quote that is not closed: ${value}`);
}

/** Values that are not text become JSON, as under pm2. */
function environmentOf(variables: unknown): Record<string, string> {
  if (!isObject(variables)) return {};
  return Object.fromEntries(
    Object.entries(variables).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}

function memoryOf({ fields, name, path }: App): number | null {
  const { max_memory_restart: given } = fields;
  if (given === undefined || given === null) return null;
  if (typeof given === 'number') return given > 0 ? given : null;
  const size = typeof given === 'string' ? parseSize(given) : undefined;
  if (size !== undefined) return size;
  throw new ConfigFileError(
    `${path}: max_memory_restart of ${name} is a number with k, m or g, for example "512M"`,
  );
}

function idOf({ fields, name, path }: App, key: 'uid' | 'gid'): object {
  const value = fields[key];
  if (value === undefined || value === null) return {};
  const id = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof id === 'number') return { [key]: id };
  throw new ConfigFileError(`${path}: ${key} of ${name} must be a number; names are not supported`);
}
