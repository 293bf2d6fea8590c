// Configuration files: which one a folder has, and the apps in it. None is ever executed.
import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fullConfig } from './app-config.js';
import {
  appsOf,
  complete,
  type ConfigFile,
  ConfigFileError,
  type Fields,
  isObject,
  withoutEffect,
  textOf,
} from './config-fields.js';
import { ecosystem } from './ecosystem.js';
import { quoteWords } from '../input/shell-words.js';

const MAX_BYTES = 1024 * 1024;
const JAVASCRIPT = ['ecosystem.config.js', 'ecosystem.config.cjs', 'pm2.config.js'];

/**
 * The configuration of a folder: the first of `bunctl.json`, `ecosystem.config.json` and `package.json` in it, then in its
 * `config` folder. Undefined if there is none.
 *
 * @throws {ConfigFileError} if the file cannot be read.
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
 * Reads a file that was named. Its name says whether it is a `bunctl.json`, an ecosystem file or a `package.json`; a file
 * with another name is one of the first two.
 *
 * @throws {ConfigFileError}
 */
export function readConfig(file: string): ConfigFile {
  const path = resolve(file);
  const name = basename(path);
  if (/\.[cm]?[jt]s$/.test(name)) refuseJavaScript(path);
  if (name === 'package.json') return packageConfig(path, true) as ConfigFile;
  const content = readJson(path);
  if (/ecosystem|pm2/.test(name)) return ecosystem(path, content);
  if (name.startsWith('bunctl')) return bunctl(path, content);
  const apps = Array.isArray(content['apps']) ? (content['apps'] as unknown[]) : [];
  return apps.some((app) => isObject(app) && 'script' in app)
    ? ecosystem(path, content)
    : bunctl(path, content);
}

/**
 * Refuses a configuration file in JavaScript.
 *
 * @throws {ConfigFileError} that says how to convert it.
 */
export function refuseJavaScript(path: string): never {
  throw new ConfigFileError(notJson(path));
}

/** A default import works for CommonJS and ES modules. */
function notJson(path: string): string {
  const json = quoteWords([path.replace(/\.[cm]?[jt]s$/, '.json')]);
  const script = `import(${JSON.stringify(path)}).then((m) => console.log(JSON.stringify(m.default, null, 2)))`;
  return `JavaScript config files are not supported for security reasons. Please convert ${path} to JSON format. This does it: node -e ${quoteWords([script])} > ${json}`;
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

/** JSON.parse reports a position; people look for a line. */
function lineOf(text: string, { message }: Error): string {
  const position = /position (\d+)/.exec(message)?.[1];
  if (position === undefined || message.includes('line')) return '';
  return ` (line ${text.slice(0, Number(position)).split('\n').length})`;
}

function bunctl(path: string, content: Fields): ConfigFile {
  const other = Object.keys(content).find((key) => key !== 'apps');
  if (other !== undefined)
    throw new ConfigFileError(`${path} has an unknown key "${other}"; the file is {"apps":[…]}`);
  const notices: string[] = [];
  const apps = appsOf(path, content).map((app, index) => {
    const name = textOf(path, app, index, 'name');
    textOf(path, app, index, 'command');
    const idle = Object.keys(app).filter((key) => KEPT_ONLY.has(key) && app[key] !== null);
    notices.push(...withoutEffect(path, name, idle));
    return fullConfig(app, { cwd: dirname(path) });
  });
  return complete(path, apps, notices);
}

/** Keys of the original that are kept and have no effect. */
const KEPT_ONLY: ReadonlySet<string> = new Set([
  ...['health_check', 'kill_timeout', 'max_cpu_percent'],
  ...['stdout_log', 'stderr_log', 'combined_log', 'log_max_size', 'log_max_files'],
]);

/** The apps of a `package.json`; undefined if it has none, which is an error if the user named the file. */
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
