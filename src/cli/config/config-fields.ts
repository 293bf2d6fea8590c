// What all kinds of configuration files share: apps with fields, and messages about them.
import { appId } from '../../supervisor/model/app-id.js';
import { whyNotOwnVariables } from '../../supervisor/model/variable-names.js';
import { checkNewName } from '../input/names.js';
import { CliError, EXIT } from '../terminal/exit.js';
import type { AppConfig } from './app-config.js';

/** Something is wrong with a configuration file; the message names it. */
export class ConfigFileError extends CliError {
  constructor(message: string, options?: { cause?: unknown }) {
    super(EXIT.usage, message, options);
  }
}

export interface ConfigFile {
  readonly path: string;
  readonly apps: readonly AppConfig[];
  /** Sentences for the user: what was ignored, and why. */
  readonly notices: readonly string[];
  /** Why apps cannot be started, by their names. They can still be stopped and deleted. */
  readonly faults: ReadonlyMap<string, string>;
  /** Whether its only app is the start script of a `package.json`. */
  readonly isStartScript?: boolean;
  /** Why nothing in the file can be read, as a sentence; then there are no apps. */
  readonly refusal?: string;
}

export type Fields = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The apps in a file's content. */
export function appsOf(path: string, { apps }: Fields): Fields[] {
  if (!Array.isArray(apps)) throw new ConfigFileError(`${path} needs a list of apps: {"apps":[…]}`);
  return apps.map((app, index) => {
    if (isObject(app)) return app;
    throw new ConfigFileError(`${path}: apps[${index}] must be an object`);
  });
}

/** A field that must be a text. */
export function textOf(path: string, app: Fields, index: number, key: string): string {
  const value = app[key];
  if (typeof value === 'string' && value !== '') return value;
  throw new ConfigFileError(`${path}: apps[${index}] needs a "${key}"`);
}

/** The file, if no two names mean the same app, and the variables of each have names. */
export function complete(
  path: string,
  apps: readonly AppConfig[],
  notices: readonly string[] = [],
): ConfigFile {
  const seen = new Map<string, string>();
  for (const { name, env } of apps) {
    checkNameIn(path, name);
    const why = whyNotOwnVariables(env);
    if (why !== undefined) throw new ConfigFileError(`${path}: env of app ${name}: ${why}`);
    const id = appId(name) ?? name;
    const other = seen.get(id);
    if (other === name) throw new ConfigFileError(`${path} has two apps named ${name}`);
    if (other !== undefined)
      throw new ConfigFileError(`${path} has two apps with the id ${id}: "${other}" and "${name}"`);
    seen.set(id, name);
  }
  return { path, apps, notices, faults: new Map() };
}

function checkNameIn(path: string, name: string): void {
  try {
    checkNewName(name);
  } catch (cause) {
    throw new ConfigFileError(`${path}: ${(cause as Error).message}`, { cause });
  }
}

/** The notice about keys that are ignored. */
export function withoutEffect(path: string, name: string, keys: readonly string[]): string[] {
  const verb = keys.length === 1 ? 'has' : 'have';
  return keys.length > 0 ? [`${path}: ${keys.join(', ')} of ${name} ${verb} no effect`] : [];
}
