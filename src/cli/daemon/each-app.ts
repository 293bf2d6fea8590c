// Does something for several apps side by side: those that were named, those of a file, or `all`.
import type { IpcClient } from '../../client/client.js';
import { allStatuses, type AppStatus } from '../answers/wire.js';
import { absolutePath } from '../input/folder.js';
import { checkName, distinct, isConfigFile, meansAll } from '../input/names.js';
import { EXIT, exitCodeOf } from '../terminal/exit.js';
import { say } from '../terminal/output.js';
import { anotherConnection, type DaemonOptions } from './find.js';
import { throwFirst } from './in-turn.js';

/** How many apps are worked on at a time, so that apps that take long to end are waited for together. */
const SIDE_BY_SIDE = 64;

/** Checks names as they were typed; a configuration file stands for the apps in it. */
export async function resolveNames(typed: readonly string[]): Promise<string[]> {
  const names: string[] = [];
  for (const name of typed) {
    if (!isConfigFile(name)) names.push(checkName(name));
    else {
      const { readConfig } = await import('../config/config-files.js');
      names.push(...readConfig(absolutePath(name)).apps.map((app) => app.name));
    }
  }
  return names;
}

/** The names that mean different apps; with `all` among them, the names of all apps that pass. */
export async function expandAll(
  client: IpcClient,
  names: readonly string[],
  passes: (app: AppStatus) => boolean = () => true,
): Promise<string[]> {
  if (!names.some(meansAll)) return distinct(names);
  return (await allStatuses(client)).filter(passes).map(({ name }) => name);
}

/**
 * Does something for each name, on several connections. A failure stops none of the others.
 *
 * @throws {Error} if any failed: every failure is on stderr, and the first one gives the exit code.
 */
export async function forEachApp(
  client: IpcClient,
  options: DaemonOptions,
  names: readonly string[],
  act: (client: IpcClient, name: string) => Promise<void>,
): Promise<void> {
  const waiting = [...names];
  const failures: Error[] = [];
  const work = async (connection: IpcClient): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      try {
        await act(connection, name);
      } catch (error) {
        if (exitCodeOf(error) === EXIT.unreachable) throw error;
        failures.push(error as Error);
        if (names.length > 1) say((error as Error).message);
      }
    }
  };
  const workOnAnother = async (): Promise<void> => {
    const connection = await anotherConnection(client, options);
    try {
      await work(connection);
    } finally {
      await connection.close();
    }
  };
  const others = Array.from({ length: Math.min(SIDE_BY_SIDE, names.length) - 1 }, workOnAnother);
  await Promise.all([work(client), ...others]);
  throwFirst(failures, names.length);
}
