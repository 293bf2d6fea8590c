// Configuration files: which one a folder has, and the apps in it. None is ever executed.
import { readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isFile, readText } from '../input/files.js';
import { quoteWords } from '../input/shell-words.js';
import { fullConfig } from './app-config.js';
import { bunctlFile } from './bunctl-file.js';
import { complete, type ConfigFile, ConfigFileError, type Fields, isObject } from './config-fields.js';
import { ecosystem } from './ecosystem.js';

const MAX_BYTES = 1024 * 1024;
/** The names by which pm2 finds a file that it executes. */
const JAVASCRIPT = /^(ecosystem|pm2)\.config\.[cm]?[jt]s$/;

/**
 * The configuration of a folder: the first of `bunctl.json`, `ecosystem.config.json`, an ecosystem file in JavaScript and
 * `package.json` in it, then in its `config` folder. Undefined if there is none.
 *
 * @param mode Which `env_MODE` of an ecosystem file is added.
 * @throws {ConfigFileError} if the file cannot be read.
 */
export function findConfig(folder: string, mode?: string): ConfigFile | undefined {
  let broken: ConfigFile | undefined;
  for (const place of [folder, join(folder, 'config')]) {
    for (const name of ['bunctl.json', 'ecosystem.config.json', ...javaScriptIn(place), 'package.json']) {
      const path = join(place, name);
      if (!isFile(path)) continue;
      // The search ends here: whatever comes after it was not what the user meant.
      if (JAVASCRIPT.test(name)) return nothingIn(path, notJson(path));
      try {
        const found = name === 'package.json' ? packageConfig(path, false, mode) : readConfig(path, mode);
        if (found) return found;
      } catch (error) {
        // It may be there for other programs alone.
        if (!(error instanceof UnreadableError) || name !== 'package.json') throw error;
        broken ??= nothingIn(path, error.message);
      }
    }
  }
  return broken;
}

const nothingIn = (path: string, refusal: string): ConfigFile => ({ ...complete(path, []), refusal });

function javaScriptIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => JAVASCRIPT.test(name))
      .sort();
  } catch {
    // It is not there, or it cannot be listed.
    return [];
  }
}

/**
 * Reads a file that was named. Its name says whether it is a `bunctl.json`, an ecosystem file or a `package.json`; a file
 * with another name is one of the first two.
 *
 * @param file An absolute path.
 * @param mode Which `env_MODE` of an ecosystem file is added.
 * @throws {ConfigFileError}
 */
export function readConfig(file: string, mode?: string): ConfigFile {
  const path = resolve(file);
  const name = basename(path);
  if (/\.[cm]?[jt]s$/.test(name)) refuseJavaScript(path);
  if (/\.ya?ml$/i.test(name)) throw new ConfigFileError(notYaml(path));
  if (name === 'package.json') return packageConfig(path, true, mode) as ConfigFile;
  const content = readJson(path);
  const { apps } = content;
  const hasScripts = [apps].flat().some((app) => isObject(app) && 'script' in app);
  const isEcosystem = /ecosystem|pm2/.test(name) || (!name.startsWith('bunctl') && hasScripts);
  return isEcosystem ? ecosystem(path, content, mode) : withoutMode(bunctlFile(path, content), mode);
}

/** Only ecosystem files have variables for a mode. */
function withoutMode(file: ConfigFile, mode: string | undefined): ConfigFile {
  if (mode === undefined) return file;
  throw new ConfigFileError(`--env needs KEY=VALUE, not "${mode}": only an ecosystem file has env_${mode}`);
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

function notYaml(path: string): string {
  const json = path.replace(/\.ya?ml$/i, '.json');
  return `YAML is not read. Please convert ${path} to JSON format. This does it: npx js-yaml ${quoteWords([path])} > ${quoteWords([json])}`;
}

/** The text of a file is not JSON, or cannot be read at all. */
class UnreadableError extends ConfigFileError {}

function readJson(path: string): Fields {
  let text: string;
  try {
    text = readText(path, MAX_BYTES).replace(/^\uFEFF/, '');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UnreadableError(
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
    throw new UnreadableError(
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

/** The apps of a `package.json`; undefined if it has none, which is an error if the user named the file. */
function packageConfig(path: string, named: boolean, mode: string | undefined): ConfigFile | undefined {
  const content = readJson(path);
  const [own, pm2] = [objectIn(path, content, 'bunctl'), objectIn(path, content, 'pm2')];
  if (own) return withoutMode(bunctlFile(path, own), mode);
  if (pm2) return ecosystem(path, pm2, mode);
  const { name, scripts } = content;
  if (typeof name === 'string' && isObject(scripts) && typeof scripts['start'] === 'string') {
    // A scoped name, such as @acme/api, has characters that an app's name cannot have.
    const app = { name: name.replace(/^@/, '').replaceAll('/', '-'), command: 'npm', args: ['run', 'start'] };
    const file = complete(path, [fullConfig(app, { cwd: dirname(path) })]);
    return { ...withoutMode(file, mode), isStartScript: true };
  }
  if (!named) return undefined;
  throw new ConfigFileError(`${path} has neither "bunctl" nor "pm2" nor a name and a start script`);
}

/** What a `package.json` has for one of its readers; undefined if it has nothing. */
function objectIn(path: string, content: Fields, key: string): Fields | undefined {
  const value = content[key] ?? undefined;
  if (value === undefined || isObject(value)) return value;
  throw new ConfigFileError(`${path}: "${key}" must be an object, such as {"apps":[…]}`);
}
