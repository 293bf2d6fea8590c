// The current folder, as the user named it.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { CliError, EXIT, NO_FOLDER } from '../terminal/exit.js';

/**
 * The current folder: `$PWD` if it is the same folder, so that an app that is started in a symbolic link is restarted
 * where the link points by then.
 *
 * @throws {CliError} if the current folder was removed.
 */
export function currentFolder(): string {
  let folder: string;
  try {
    folder = process.cwd();
  } catch (cause) {
    throw new CliError(EXIT.failed, NO_FOLDER, { cause });
  }
  const { PWD: named } = process.env;
  if (!named?.startsWith('/') || named === folder) return folder;
  const [one, other] = [named, folder].map((path) => statSync(path, { throwIfNoEntry: false }));
  return one && other && one.dev === other.dev && one.ino === other.ino ? named : folder;
}

/** A path as it was typed, made absolute by {@link currentFolder}. */
export const absolutePath = (path: string): string =>
  path.startsWith('/') ? resolve(path) : resolve(currentFolder(), path);
