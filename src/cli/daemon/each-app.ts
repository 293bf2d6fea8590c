// The names a command was given: several, those of a file, or `all`; each is done on a connection of its own, side by side.
import { existsSync } from 'node:fs';
import type { IpcClient } from '../../client/client.js';
import { connect, type DaemonOptions } from './find.js';
import { CliError, EXIT, exitCodeOf, usage } from '../terminal/exit.js';
import { say } from '../terminal/output.js';
import { allStatuses, type AppStatus } from '../answers/wire.js';

/** How many are done at a time: apps that take long to end are waited for together. */
const SIDE_BY_SIDE = 64;

/** Refuses what no daemon would take for a name. */
export function checkName(name: string): string {
  if (name.trim() === '') throw usage('An app name cannot be empty');
  if (Buffer.byteLength(name) > 255) throw usage('An app name can have at most 255 bytes');
  // eslint-disable-next-line no-control-regex -- those are what is looked for
  if (/[\u0000-\u001f\u007f/\\:]/.test(name))
    throw usage('An app name cannot contain / \\ : or control characters');
  return name;
}

/** Refuses a name under which an app could not be told from all of them. */
export function checkNewName(name: string): string {
  if (checkName(name) === 'all') throw usage('"all" stands for every app; give this one another name');
  return name;
}

/** Whether a name is that of a configuration file that is there. */
export function isConfigFile(name: string): boolean {
  return name.endsWith('.json') && existsSync(name);
}

/** What was typed as names of apps, checked; a configuration file stands for the apps in it. */
export async function namesGiven(given: readonly string[]): Promise<string[]> {
  const names: string[] = [];
  for (const name of given) {
    if (!isConfigFile(name)) names.push(checkName(name));
    else {
      const { readConfig } = await import('../config/config-files.js');
      names.push(...readConfig(name).apps.map((app) => app.name));
    }
  }
  return names;
}

/** The names, `all` expanded to those of the apps that pass. */
export async function expand(
  client: IpcClient,
  names: readonly string[],
  passes: (app: AppStatus) => boolean = () => true,
): Promise<string[]> {
  if (!names.includes('all')) return [...new Set(names)];
  return (await allStatuses(client)).filter(passes).map(({ name }) => name);
}

/**
 * Does something for each name. Every failure is told; the first one's exit code is the command's.
 */
export async function forEach(
  options: DaemonOptions,
  names: readonly string[],
  act: (client: IpcClient, name: string) => Promise<void>,
): Promise<void> {
  const waiting = [...names];
  const failures: Error[] = [];
  const work = async (): Promise<void> => {
    const client = await connect(options);
    try {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        try {
          await act(client, name);
        } catch (error) {
          if (exitCodeOf(error) === EXIT.unreachable) throw error;
          failures.push(error as Error);
          if (names.length > 1) say((error as Error).message);
        }
      }
    } finally {
      await client.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(SIDE_BY_SIDE, names.length) }, work));
  const [first] = failures;
  if (first === undefined) return;
  if (names.length === 1) throw first;
  throw new CliError(exitCodeOf(first), `${failures.length} of ${names.length} failed`);
}
