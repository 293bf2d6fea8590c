// The files of a state directory are believed, and a record is a command to run: only what is the user's own is read.
import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { ownDirectory, whyNotTrusted } from '../../endpoint/own-directory.js';

/**
 * Makes a directory of the state, 0700, or checks the one that is there.
 *
 * @throws {IpcError} `ENDPOINT_NOT_OURS` when it or the directory it is to be made in belongs to another user, or
 *   when others may write to it; `ENDPOINT_UNUSABLE` when it cannot be made.
 */
export async function prepareStateDirectory(path: string): Promise<void> {
  await ownDirectory(path, {
    what: 'The state directory',
    advice: `set BUNCTL_STATE_DIR to a directory of your own${process.getuid?.() === 0 ? ', or use sudo -H' : ''}`,
    others: 'nobody',
  });
}

/** Whether what is in a directory may be believed; false when it is not there. */
export function isOwnDirectory(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && whyNotTrusted(stat, 'nobody') === undefined;
}

/**
 * Reads a file that is the user's own or root's, and that nobody else may write to. A symbolic link is not followed,
 * and a pipe is not waited for.
 *
 * @throws {Error} saying why the file is not read.
 */
export function readOwnFile(path: string): string {
  // Windows has neither flag, and no such files.
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants as Partial<typeof constants>;
  const fd = openSync(path, (O_RDONLY ?? 0) | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(fd);
    const why = stat.isFile() ? whyNotTrusted(stat, 'nobody') : 'is not a regular file';
    if (why !== undefined) throw new Error(`the file ${why}`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}
