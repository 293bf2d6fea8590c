// Does something for several apps side by side: those that were named, those of a file, or `all`.
import type { IpcClient } from '../../client/client.js';
import { appId } from '../../supervisor/model/app-id.js';
import { allStatuses, type AppStatus } from '../answers/wire.js';
import { absolutePath } from '../input/folder.js';
import { checkName, distinct, isConfigFile, meansAll } from '../input/names.js';
import { quoteWords } from '../input/shell-words.js';
import { EXIT, exitCodeOf } from '../terminal/exit.js';
import { say } from '../terminal/output.js';
import { anotherConnection, type DaemonOptions } from './find.js';
import { throwFirst } from './in-turn.js';
import { withMeant } from './meant.js';
import { otherFile } from './origin.js';

/** How many apps are worked on at a time, so that apps that take long to end are waited for together. */
const SIDE_BY_SIDE = 64;

export interface Wanted {
  readonly name: string;
  /** The file that stands for it; undefined if it was named itself. */
  readonly file?: string;
}

/** Checks names as they were typed; a configuration file stands for the apps in it. */
export async function resolveNames(typed: readonly string[]): Promise<Wanted[]> {
  const wanted: Wanted[] = [];
  for (const name of typed) {
    if (!isConfigFile(name)) wanted.push({ name: checkName(name) });
    else {
      const { readConfig } = await import('../config/config-files.js');
      const { apps, path } = readConfig(absolutePath(name));
      wanted.push(...apps.map((app) => ({ name: app.name, file: path })));
    }
  }
  return wanted;
}

export interface Expansion {
  /** The command that is given, for what is said. */
  readonly command: string;
  /** The message when there is no app to act on. */
  readonly none: string;
  /** Which apps `all` means; by default all. */
  readonly passes?: (app: AppStatus) => boolean;
}

/** The names that mean different apps; with `all` among them, the names of all apps that pass. */
export async function expandAll(
  client: IpcClient,
  wanted: readonly Wanted[],
  { command, none, passes = () => true }: Expansion,
): Promise<string[]> {
  if (wanted.some(({ name }) => meansAll(name))) {
    const apps = (await allStatuses(client)).filter(passes);
    if (apps.length === 0) say(none);
    return apps.map(({ name }) => name);
  }
  if (wanted.length === 0) say(none);
  const others = await ofOtherFiles(client, wanted, command);
  return distinct(wanted.filter((each) => !others.has(each)).map(({ name }) => name));
}

/** The apps of a file that came from another file, which still exists, are left alone, and a sentence says so. */
async function ofOtherFiles(
  client: IpcClient,
  wanted: readonly Wanted[],
  command: string,
): Promise<ReadonlySet<Wanted>> {
  const others = new Set<Wanted>();
  if (!wanted.some(({ file }) => file !== undefined)) return others;
  const statuses = new Map((await allStatuses(client)).map((app) => [app.name, app]));
  const named = new Set(wanted.flatMap(({ name, file }) => (file === undefined ? [appId(name)] : [])));
  for (const each of wanted) {
    const { name, file } = each;
    const app = statuses.get(appId(name) ?? '');
    const other = app && file !== undefined ? otherFile(app, file) : undefined;
    if (other === undefined || named.has(app?.name)) continue;
    others.add(each);
    say(
      `App ${name} came from ${other}, not from ${file}, and is left alone. To ${command} it: bunctl ${command} ${quoteWords([name])}`,
    );
  }
  return others;
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
        const failure = (await withMeant(error, connection, name)) as Error;
        failures.push(failure);
        if (names.length > 1) say(failure.message);
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
