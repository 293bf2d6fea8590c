// `restart` with options: an app's configuration as it is on disk, with the fields that the options change.
import { readFileSync } from 'node:fs';
import type { IpcClient } from '../../client/client.js';
import { appId } from '../../supervisor/model/app-id.js';
import { stateFiles } from '../../supervisor/state/paths.js';
import { askData, askMessage, daemonInfo } from '../answers/wire.js';
import { fullConfig } from '../config/app-config.js';
import { isObject } from '../config/config-fields.js';
import { CliError, EXIT } from '../terminal/exit.js';
import { callersEnvironment } from './environment.js';

export interface RestartOptions {
  /** Fields of the configuration that change; see `fieldsOf`. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Whether the app gets the caller's environment. */
  readonly updateEnv: boolean;
  /** Whether processes that have left the app's process group are ended too. */
  readonly killEscaped: boolean;
}

/** Restarts an app, and returns the daemon's message. */
export async function restartApp(client: IpcClient, name: string, options: RestartOptions): Promise<string> {
  const { fields, updateEnv, killEscaped } = options;
  const changes = Object.keys(fields).length > 0;
  const request = {
    name,
    ...(changes ? { config: JSON.stringify(await changedConfig(client, name, fields)) } : {}),
    ...(updateEnv ? { environment: callersEnvironment() } : {}),
    ...(killEscaped ? { kill_escaped: true } : {}),
  };
  return askMessage(client, { Restart: request });
}

/**
 * The daemon never shows the values of variables, so the configuration is read from its record, which only its owner
 * can read.
 */
async function changedConfig(
  client: IpcClient,
  name: string,
  fields: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const daemon = await daemonInfo(client);
  const id = appId(name);
  if (!daemon)
    throw new CliError(
      EXIT.failed,
      `The daemon on ${client.path} is not this bunctl, so it cannot change an app: delete it and start it anew.`,
    );
  // An app that does not exist is the daemon's to report.
  await askData(client, { Status: { name } });
  const file = stateFiles(daemon.state).app(id ?? '');
  let config: unknown;
  try {
    ({ config } = JSON.parse(readFileSync(file, 'utf8')) as { config?: unknown });
  } catch (cause) {
    throw new CliError(
      EXIT.failed,
      `The configuration of ${name} cannot be read from ${file}: ${(cause as Error).message}`,
      { cause },
    );
  }
  if (!isObject(config)) throw new CliError(EXIT.failed, `${file} is not a record of an app`);
  const merged = (key: string): object =>
    isObject(fields[key]) ? { [key]: { ...(config[key] as object), ...fields[key] } } : {};
  return fullConfig({ ...config, ...fields, ...merged('env'), ...merged('backoff') }, { cwd: '/' });
}
