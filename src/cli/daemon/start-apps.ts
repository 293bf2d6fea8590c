// Starts apps: those that were described, and those that the daemon knows by their names.
import { existsSync } from 'node:fs';
import type { IpcClient } from '../../client/client.js';
import { appId } from '../../supervisor/model/app-id.js';
import type { AppConfig } from '../config/app-config.js';
import { callersEnvironment } from './environment.js';
import { CliError, EXIT, exitCodeOf } from '../terminal/exit.js';
import { print, say } from '../terminal/output.js';
import { allStatuses, askMessage, askSuccess } from '../answers/wire.js';

/** Starts what was described, one after the other as it is written; every failure is told. */
export async function startAll(client: IpcClient, apps: readonly AppConfig[]): Promise<void> {
  const environment = callersEnvironment();
  const failures: Error[] = [];
  for (const app of apps) {
    try {
      const { message, running } = await askSuccess(client, {
        Start: { name: app.name, config: JSON.stringify(app), environment },
      });
      print(typeof running === 'number' ? `App ${app.name} is running already (pid ${running})` : message);
    } catch (error) {
      if (exitCodeOf(error) === EXIT.unreachable) throw error;
      const failure = withHint(error as Error, app);
      failures.push(failure);
      if (apps.length > 1) say(failure.message);
    }
  }
  const [first] = failures;
  if (!first) return;
  throw apps.length === 1
    ? first
    : new CliError(exitCodeOf(first), `${failures.length} of ${apps.length} failed`);
}

function withHint(error: Error, { command, name }: AppConfig): Error {
  return /No such file/.test(error.message) && /\s/.test(command)
    ? new CliError(
        exitCodeOf(error),
        `${error.message}. A command is not split into words: bunctl start ${name} -- ${command}`,
        { cause: error },
      )
    : error;
}

export function notKnown(name: string): CliError {
  const kind = existsSync(name)
    ? ' It is a file of which the kind is not known: name the program that runs it.'
    : '';
  return new CliError(
    EXIT.notFound,
    `App ${name} not found.${kind} To start a new one: bunctl start ${name} -- COMMAND [ARGS…]`,
  );
}

/** Apps that no file describes: the daemon knows them, or nobody does. */
export async function startKnown(client: IpcClient, names: readonly string[]): Promise<void> {
  const apps = await allStatuses(client);
  const wanted = names.includes('all') ? apps.map(({ name }) => name) : names;
  const failures: unknown[] = [];
  for (const name of wanted) {
    try {
      const app = apps.find((one) => one.name === appId(name));
      if (app?.state === 'Running') print(`App ${name} is running already (pid ${app.pid})`);
      else print(await askMessage(client, { Restart: { name } }));
    } catch (error) {
      const unknown = exitCodeOf(error) === EXIT.notFound;
      const told = unknown ? notKnown(name) : error;
      failures.push(told);
      if (wanted.length > 1) say((told as Error).message);
    }
  }
  if (failures.length === 0) return;
  if (wanted.length === 1) throw failures[0];
  throw new CliError(exitCodeOf(failures[0]), `${failures.length} of ${wanted.length} failed`);
}
