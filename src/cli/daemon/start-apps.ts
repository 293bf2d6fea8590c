// Starts apps: those that were described, and those that the daemon knows by their names.
import type { IpcClient } from '../../client/client.js';
import { appId } from '../../supervisor/model/app-id.js';
import { allStatuses, askMessage, askSuccess } from '../answers/wire.js';
import type { AppConfig } from '../config/app-config.js';
import { isFile } from '../input/files.js';
import { hasKnownKind } from '../input/program.js';
import { quoteWords, splitWords } from '../input/shell-words.js';
import { CliError, EXIT, exitCodeOf } from '../terminal/exit.js';
import { print, say } from '../terminal/output.js';
import { throwFirst } from './each-app.js';
import { callersEnvironment } from './environment.js';

/** Does something for each item in turn; a failure stops none of the others. Throws as {@link throwFirst}. */
async function inTurn<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const failures: Error[] = [];
  for (const item of items) {
    try {
      await act(item);
    } catch (error) {
      if (exitCodeOf(error) === EXIT.unreachable) throw error;
      failures.push(error as Error);
      if (items.length > 1) say((error as Error).message);
    }
  }
  throwFirst(failures, items.length);
}

/** Starts apps in the order in which they are written. */
export async function startDescribed(client: IpcClient, apps: readonly AppConfig[]): Promise<void> {
  const environment = callersEnvironment();
  await inTurn(apps, async (app) => {
    const { name } = app;
    try {
      const { message, running } = await askSuccess(client, {
        Start: { name, config: JSON.stringify(app), environment },
      });
      print(typeof running === 'number' ? `App ${name} is running already (pid ${running})` : message);
    } catch (error) {
      throw withHint(error as Error, app);
    }
  });
}

/** A command with blanks in it was probably meant as a command line. */
function withHint(error: Error, { command, name }: AppConfig): Error {
  const words = /\s/.test(command) ? splitWords(command) : undefined;
  return words && /No such file/.test(error.message)
    ? new CliError(
        exitCodeOf(error),
        `${error.message}. A command is not split into words; type: bunctl start ${quoteWords([name, '--', ...words])}`,
        { cause: error },
      )
    : error;
}

/** The error for a name that no daemon knows. */
export function unknownApp(name: string): CliError {
  const file = isFile(name)
    ? ` There is a file ${name}; to run it: bunctl start ${quoteWords([`./${name}`])}.`
    : hasKnownKind(name)
      ? ' There is no such file either.'
      : '';
  return new CliError(
    EXIT.notFound,
    `App ${name} not found.${file} To start a new app: bunctl start ${quoteWords([name])} -- COMMAND [ARGS…]`,
  );
}

/** Starts apps that the daemon knows. */
export async function startKnown(client: IpcClient, names: readonly string[]): Promise<void> {
  const apps = await allStatuses(client);
  const wanted = names.includes('all') ? apps.map(({ name }) => name) : names;
  await inTurn(wanted, async (name) => {
    const app = apps.find((one) => one.name === appId(name));
    if (app?.state === 'Running') {
      print(`App ${name} is running already (pid ${app.pid})`);
      return;
    }
    try {
      print(await askMessage(client, { Restart: { name } }));
    } catch (error) {
      throw exitCodeOf(error) === EXIT.notFound ? unknownApp(name) : error;
    }
  });
}
