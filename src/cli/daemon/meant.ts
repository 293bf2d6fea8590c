// What was probably meant by a name that the daemon does not know: another app, or a file that is no configuration for us.
import { basename, extname } from 'node:path';
import type { IpcClient } from '../../client/client.js';
import { nearest } from '../../nearest.js';
import { appId } from '../../supervisor/model/app-id.js';
import { allStatuses } from '../answers/wire.js';
import { isFile } from '../input/files.js';
import { absolutePath } from '../input/folder.js';
import { CliError, EXIT, exitCodeOf } from '../terminal/exit.js';

/** The error of a command on an app, with the app that was probably meant if there is none of this name. */
export async function withMeant(cause: unknown, client: IpcClient, name: string): Promise<unknown> {
  if (exitCodeOf(cause) !== EXIT.notFound) return cause;
  const ids = (await allStatuses(client).catch(() => [])).map((app) => app.name);
  // An app that was started by its file is named after it.
  const ofFile = appId(basename(name, extname(name)));
  const meant = ids.find((id) => id === ofFile) ?? nearest(name, ids);
  if (meant === undefined || meant === name) return cause;
  const { message } = cause as Error;
  return new CliError(EXIT.notFound, `${message.replace(/\.$/, '')}. Did you mean ${meant}?`, { cause });
}

/**
 * Refuses a configuration file of pm2 that is not JSON, in the place of a name.
 *
 * @throws {CliError} that says how to convert it.
 */
export async function refuseOtherFiles(names: readonly string[]): Promise<void> {
  const file = names.find(
    (name) => /\.config\.[cm]?[jt]s$|\.ya?ml$/i.test(name) && isFile(absolutePath(name)),
  );
  if (file === undefined) return;
  const { readConfig } = await import('../config/config-files.js');
  readConfig(absolutePath(file));
}
