// Names of apps and of configuration files, as they are typed.
import { existsSync } from 'node:fs';
import { appId, whyNoId } from '../../supervisor/model/app-id.js';
import { usage } from '../terminal/exit.js';

/** Longest name in bytes. */
const LONGEST = 255;

/**
 * Refuses what no daemon takes as a name.
 *
 * @throws {CliError} exit code 2.
 */
export function checkName(name: string): string {
  if (name.trim() === '') throw usage('An app name cannot be empty');
  if (Buffer.byteLength(name) > LONGEST) throw usage(`An app name can have at most ${LONGEST} bytes`);
  // oxlint-disable-next-line no-control-regex -- control characters are what is searched for
  if (/[\u0000-\u001f\u007f/\\:]/.test(name))
    throw usage(`An app name cannot contain / \\ : or control characters: ${JSON.stringify(name)}`);
  const why = whyNoId(name);
  if (why !== undefined) throw usage(why);
  return name;
}

/**
 * Refuses `all` beside names, which it would make meaningless.
 *
 * @throws {CliError} exit code 2.
 */
export function checkAllAlone(names: readonly string[]): void {
  const other = names.find((name) => !meansAll(name));
  if (other !== undefined && names.some(meansAll))
    throw usage(`"all" means every app, so it takes no other names, but "${other}" was given too`);
}

/** Whether a word stands for every app: `all`, in upper or lower case. */
export const meansAll = (word: string | undefined): boolean => word?.trim().toLowerCase() === 'all';

/**
 * As {@link checkName}, and refuses a name that means every app.
 *
 * @throws {CliError} exit code 2.
 */
export function checkNewName(name: string): string {
  if (meansAll(appId(checkName(name))))
    throw usage(`"${name}" stands for every app; give this one another name`);
  return name;
}

/** The names that mean different apps, each as it was written first. */
export function distinct(names: readonly string[]): string[] {
  const seen = new Map<string, string>();
  for (const name of names) {
    const id = appId(name) ?? name;
    if (!seen.has(id)) seen.set(id, name);
  }
  return [...seen.values()];
}

/** Whether a word names a configuration file that exists. */
export const isConfigFile = (word: string): boolean => word.endsWith('.json') && existsSync(word);
