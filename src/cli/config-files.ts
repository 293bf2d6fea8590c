// Configuration files: which one a folder has, and the apps in it. None is ever executed.
import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type AppConfig, fullConfig } from './app-config.js';
import { CliError, EXIT } from './exit.js';
import { parseSize } from './sizes.js';

const MAX_BYTES = 1024 * 1024;
const JAVASCRIPT = ['ecosystem.config.js', 'ecosystem.config.cjs', 'pm2.config.js'];

/** What is wrong with a file, and with which. */
class ConfigFileError extends CliError {
  constructor(message: string, options?: { cause?: unknown }) {
    super(EXIT.usage, message, options);
  }
}

export interface ConfigFile {
  readonly path: string;
  readonly apps: readonly AppConfig[];
  /** Sentences for the user: what was left out, and why. */
  readonly notices: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The configuration of a folder: the first of `bunctl.json`, `ecosystem.config.json` and `package.json` in it, then in its
 * `config` folder. Undefined when there is none.
 *
 * @throws {ConfigFileError} when the one that is there cannot be read.
 */
export function findConfig(folder: string): ConfigFile | undefined {
  const notices: string[] = [];
  for (const place of [folder, join(folder, 'config')]) {
    for (const name of ['bunctl.json', 'ecosystem.config.json', ...JAVASCRIPT, 'package.json']) {
      const path = join(place, name);
      if (!statSync(path, { throwIfNoEntry: false })?.isFile()) continue;
      if (JAVASCRIPT.includes(name)) notices.push(notJson(path));
      else {
        const found = name === 'package.json' ? packageConfig(path, false) : readConfig(path);
        if (found) return { ...found, notices: [...notices, ...found.notices] };
      }
    }
  }
  return notices.length === 0 ? undefined : { path: folder, apps: [], notices };
}

/**
 * Reads a file that was named: by its name `bunctl.json`, an ecosystem file or a `package.json`; any other is one of the first two.
 *
 * @throws {ConfigFileError}
 */
export function readConfig(file: string): ConfigFile {
  const path = resolve(file);
  const name = basename(path);
  if (/\.[cm]?[jt]s$/.test(name)) throw new ConfigFileError(notJson(path));
  if (name === 'package.json') return packageConfig(path, true) as ConfigFile;
  const content = readJson(path);
  if (/ecosystem|pm2/.test(name)) return ecosystem(path, content);
  if (name.startsWith('bunctl')) return bunctl(path, content);
  const apps = Array.isArray(content['apps']) ? (content['apps'] as unknown[]) : [];
  return apps.some((app) => isObject(app) && 'script' in app)
    ? ecosystem(path, content)
    : bunctl(path, content);
}

function notJson(path: string): string {
  const json = path.replace(/\.[cm]?[jt]s$/, '.json');
  return `JavaScript config files are not supported for security reasons. Please convert ${path} to JSON format. This does it: node -p "JSON.stringify(require('${path}'), null, 2)" > ${json}`;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readJson(path: string): Fields {
  let text: string;
  try {
    if (statSync(path).size > MAX_BYTES) throw new Error('it is larger than 1 MiB');
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ConfigFileError(
      `${path} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : message}`,
      {
        cause: error,
      },
    );
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new ConfigFileError(
      `${path} is not valid JSON: ${(error as Error).message}${lineOf(text, error as Error)}`,
      {
        cause: error,
      },
    );
  }
  if (!isObject(content)) throw new ConfigFileError(`${path} must hold a JSON object, {"apps":[…]}`);
  return content;
}

/** JSON.parse tells a position; people look for a line. */
function lineOf(text: string, { message }: Error): string {
  const position = /position (\d+)/.exec(message)?.[1];
  if (position === undefined || message.includes('line')) return '';
  return ` (line ${text.slice(0, Number(position)).split('\n').length})`;
}

function appsOf(path: string, content: Fields): Fields[] {
  const { apps } = content;
  if (!Array.isArray(apps)) throw new ConfigFileError(`${path} needs a list of apps: {"apps":[…]}`);
  return apps.map((app, index) => {
    if (isObject(app)) return app;
    throw new ConfigFileError(`${path}: apps[${index}] must be an object`);
  });
}

function textOf(path: string, app: Fields, index: number, key: string): string {
  const value = app[key];
  if (typeof value === 'string' && value !== '') return value;
  throw new ConfigFileError(`${path}: apps[${index}] needs a "${key}"`);
}

function complete(path: string, apps: readonly AppConfig[], notices: readonly string[] = []): ConfigFile {
  const seen = new Set<string>();
  for (const { name } of apps) {
    if (seen.has(name)) throw new ConfigFileError(`${path} has two apps named ${name}`);
    seen.add(name);
  }
  return { path, apps, notices };
}

function bunctl(path: string, content: Fields): ConfigFile {
  const other = Object.keys(content).find((key) => key !== 'apps');
  if (other !== undefined)
    throw new ConfigFileError(`${path} has a key "${other}" that means nothing here; it is {"apps":[…]}`);
  const apps = appsOf(path, content).map((app, index) => {
    textOf(path, app, index, 'name');
    textOf(path, app, index, 'command');
    return fullConfig(app, { cwd: dirname(path) });
  });
  return complete(path, apps);
}

/** Keys of an ecosystem app that mean something here. */
const ACTED_ON: ReadonlySet<string> = new Set([
  ...['name', 'script', 'args', 'interpreter', 'cwd', 'env', 'env_production', 'env_development'],
  ...['autorestart', 'restart_delay', 'max_restarts', 'kill_timeout', 'max_memory_restart', 'instances'],
  ...['uid', 'gid'],
]);

function ecosystem(path: string, content: Fields): ConfigFile {
  const notices: string[] = [];
  const apps = appsOf(path, content).map((app, index) => {
    const name = textOf(path, app, index, 'name');
    const script = textOf(path, app, index, 'script');
    if (app['instances'] !== undefined && app['instances'] !== 1)
      notices.push(`${path}: one instance of ${name} is started; several are not supported`);
    const idle = Object.keys(app).filter((key) => !ACTED_ON.has(key));
    if (idle.length > 0) notices.push(`${path}: of ${name} nothing is done about ${idle.join(', ')}`);
    const interpreter = typeof app['interpreter'] === 'string' ? app['interpreter'] : 'node';
    const own = words(path, name, app['args']);
    const { restart_delay: delay, max_restarts: most, kill_timeout: kill, uid, gid } = app;
    return fullConfig(
      {
        name,
        command: interpreter === 'none' ? script : interpreter,
        args: interpreter === 'none' ? own : [script, ...own],
        env: environment(app),
        auto_start: true,
        restart_policy: app['autorestart'] === false ? 'no' : 'always',
        max_memory: memory(path, name, app['max_memory_restart']),
        stop_timeout: (typeof kill === 'number' ? kill : 5000) / 1000,
        backoff: {
          ...(typeof delay === 'number' ? { base_delay_ms: delay } : {}),
          ...(typeof most === 'number' ? { max_attempts: most } : {}),
        },
        ...(typeof app['cwd'] === 'string' ? { cwd: app['cwd'] } : {}),
        ...(typeof uid === 'number' ? { uid } : {}),
        ...(typeof gid === 'number' ? { gid } : {}),
      },
      { cwd: dirname(path) },
    );
  });
  return complete(path, apps, notices);
}

function words(path: string, name: string, args: unknown): string[] {
  if (args === undefined || args === null) return [];
  if (typeof args === 'string') return args.split(/\s+/).filter((word) => word !== '');
  if (Array.isArray(args)) return args.map(String);
  throw new ConfigFileError(`${path}: args of ${name} must be text or a list`);
}

function environment(app: Fields): Record<string, string> {
  const { NODE_ENV: mode } = process.env;
  const overlay =
    mode === undefined || mode === 'production'
      ? app['env_production']
      : mode === 'development'
        ? app['env_development']
        : undefined;
  const merged = { ...(isObject(app['env']) ? app['env'] : {}), ...(isObject(overlay) ? overlay : {}) };
  return Object.fromEntries(
    Object.entries(merged).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}

function memory(path: string, name: string, given: unknown): number | null {
  if (given === undefined || given === null) return null;
  if (typeof given === 'number') return given > 0 ? given : null;
  const size = typeof given === 'string' ? parseSize(given) : undefined;
  if (size === undefined)
    throw new ConfigFileError(
      `${path}: max_memory_restart of ${name} is a number with k, m or g, for example "512M"`,
    );
  return size;
}

/** Undefined when there is nothing for us in it; named by the user, that is an error. */
function packageConfig(path: string, named: boolean): ConfigFile | undefined {
  let content: Fields;
  try {
    content = readJson(path);
  } catch (error) {
    if (named) throw error;
    return undefined;
  }
  if (isObject(content['bunctl'])) return bunctl(path, content['bunctl']);
  if (isObject(content['pm2'])) return ecosystem(path, content['pm2']);
  const { name, scripts } = content;
  if (typeof name === 'string' && isObject(scripts) && typeof scripts['start'] === 'string')
    return complete(path, [
      fullConfig({ name, command: 'npm', args: ['run', 'start'] }, { cwd: dirname(path) }),
    ]);
  if (!named) return undefined;
  throw new ConfigFileError(`${path} has neither "bunctl" nor "pm2" nor a name and a start script`);
}
