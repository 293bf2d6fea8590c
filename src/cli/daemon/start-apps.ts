// Starts apps: those that were described, and those that the daemon knows by their names.
import type { IpcClient } from '../../client/client.js';
import { appId } from '../../supervisor/model/app-id.js';
import { allStatuses, askMessage, askSuccess } from '../answers/wire.js';
import type { AppConfig } from '../config/app-config.js';
import { isFile } from '../input/files.js';
import { distinct, meansAll } from '../input/names.js';
import { hasKnownKind } from '../input/program.js';
import { quoteWords, splitWords } from '../input/shell-words.js';
import type { Described } from '../input/start-arguments.js';
import { CliError, EXIT, exitCodeOf } from '../terminal/exit.js';
import { print } from '../terminal/output.js';
import { callersEnvironment } from './environment.js';
import { inTurn } from './in-turn.js';

/** Starts apps in the order in which they are written. */
export async function startDescribed(client: IpcClient, { apps, file }: Described): Promise<void> {
  const environment = callersEnvironment();
  await inTurn(apps, async (app) => {
    const { name } = app;
    try {
      const { message, running } = await askSuccess(client, {
        Start: { name, config: JSON.stringify(app), environment },
      });
      print(
        typeof running === 'number'
          ? `App ${name} is running already (pid ${running})`
          : withId(message, name),
      );
    } catch (error) {
      throw nameFileIn(withHint(error as Error, app), file, name);
    }
  });
}

/** What was started, with the id under which it is listed if that is not its name. */
export function withId(message: string, name: string): string {
  const id = appId(name);
  return id === undefined || id === name ? message : `${message}, known as ${id}`;
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

/** Names the file and the app in what a daemon says about a configuration. */
export function nameFileIn(error: Error, file: string | undefined, name: string): Error {
  if (file === undefined || exitCodeOf(error) !== EXIT.usage) return error;
  return new CliError(EXIT.usage, `${file}: app ${name}: ${error.message}`, { cause: error });
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

/** Starts apps that the daemon knows, with the caller's environment; those that run are left alone. */
export async function startKnown(client: IpcClient, names: readonly string[]): Promise<string[]> {
  const apps = await allStatuses(client);
  const wanted = names.some(meansAll) ? apps.map(({ name }) => name) : distinct(names);
  await inTurn(wanted, async (name) => {
    // Only our daemon knows `unless_running`: it looks again, in the app's turn.
    const app = apps.find((one) => one.name === appId(name));
    if (app?.state === 'Running') {
      print(`App ${name} is running already (pid ${app.pid})`);
      return;
    }
    try {
      const fields = { name, environment: callersEnvironment(), unless_running: true };
      print(await askMessage(client, { Restart: fields }));
    } catch (error) {
      throw exitCodeOf(error) === EXIT.notFound ? unknownApp(name) : error;
    }
  });
  return wanted;
}
