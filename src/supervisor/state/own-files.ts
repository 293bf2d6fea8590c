// The files of a state directory are believed, and a record is a command to run: only what is the user's own is read.
import { constants, open, stat } from 'node:fs/promises';
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
export async function isOwnDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  });
  return found?.isDirectory() === true && whyNotTrusted(found, 'nobody') === undefined;
}

/**
 * Reads a file that is the user's own or root's, and that nobody else may write to. A symbolic link is not followed,
 * and a pipe is not waited for.
 *
 * @throws {Error} saying why the file is not read.
 */
export async function readOwnFile(path: string): Promise<string> {
  // Windows has neither flag, and no such files.
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants as Partial<typeof constants>;
  const file = await open(path, (O_RDONLY ?? 0) | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0));
  try {
    const found = await file.stat();
    const why = found.isFile() ? whyNotTrusted(found, 'nobody') : 'is not a regular file';
    if (why !== undefined) throw new Error(`the file ${why}`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
