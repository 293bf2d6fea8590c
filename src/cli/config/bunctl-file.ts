// Reads the apps of a `bunctl.json`, strictly: an unknown key is refused with a suggestion.
import { dirname } from 'node:path';
import { type AppConfig, fullConfig } from './app-config.js';
import { checkFields, unknownKey } from './bunctl-fields.js';
import {
  appsOf,
  complete,
  type ConfigFile,
  ConfigFileError,
  type Fields,
  isObject,
  textOf,
  withoutEffect,
} from './config-fields.js';

/** Keys of the original that are kept and have no effect. */
const KEPT_ONLY: ReadonlySet<string> = new Set([
  ...['health_check', 'kill_timeout', 'max_cpu_percent'],
  ...['stdout_log', 'stderr_log', 'combined_log'],
]);

/**
 * Reads the content of a `bunctl.json`.
 *
 * @throws {ConfigFileError} that names the file, the app and the key.
 */
export function bunctlFile(path: string, content: Fields): ConfigFile {
  const other = Object.keys(content).find((key) => key !== 'apps');
  if (other !== undefined)
    throw new ConfigFileError(`${path} has an unknown key "${other}"; the file is {"apps":[…]}`);
  const notices: string[] = [];
  const apps = appsOf(path, content).map((app, index) => {
    const name = textOf(path, app, index, 'name');
    textOf(path, app, index, 'command');
    checkFields(path, name, app);
    const idle = Object.keys(app).filter((key) => KEPT_ONLY.has(key) && app[key] !== null);
    notices.push(...withoutEffect(path, name, idle));
    const config = fullConfig({ ...app, ...environmentOf(path, name, app) }, { cwd: dirname(path) });
    checkKeys(path, name, config);
    return config;
  });
  return complete(path, apps, notices);
}

function checkKeys(path: string, name: string, config: AppConfig): void {
  const known = fullConfig({ name: '', command: '' }, { cwd: '/' });
  const unknown = Object.keys(config).find((key) => !Object.hasOwn(known, key));
  if (unknown !== undefined) throw unknownKey(path, name, unknown, known);
}

/** Numbers, true and false become text: an environment holds nothing else. */
function environmentOf(path: string, name: string, { env }: Fields): { env?: Record<string, string> } {
  if (env === undefined || env === null) return {};
  if (!isObject(env)) throw new ConfigFileError(`${path}: env of app ${name} must be an object`);
  return {
    env: Object.fromEntries(
      Object.entries(env).map(([key, value]) => {
        if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
          return [key, String(value)];
        throw new ConfigFileError(
          `${path}: env.${key} of app ${name} must be text, a number, true or false, not ${JSON.stringify(value)}`,
        );
      }),
    ),
  };
}
