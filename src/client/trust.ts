// The owners of a socket's file, and whether the file is a socket: checked before and after connecting.
import { lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { checkEndpoint } from '../protocol/endpoints.js';
import { IpcError } from '../protocol/errors.js';

/**
 * Checks a path before a daemon on it is told anything.
 *
 * Node cannot ask which user is at the other end of a socket. So the owners of its file and of its directory are
 * checked; otherwise a daemon of another user could be sent secrets. A path that the kernel would cut would lead to a
 * socket that was not checked.
 *
 * @throws {IpcError} `ENDPOINT_TOO_LONG`, `ENDPOINT_UNUSABLE`, `ENDPOINT_NOT_OURS`, `ENDPOINT_NOT_A_SOCKET`; or an
 *   error of the file system, such as `ENOENT`.
 */
export function checkTrust(path: string): void {
  checkEndpoint(path, process.platform);
  const uid = process.getuid?.();
  if (uid === undefined) return;
  checkOwners(uid, dirname(path), path);
  // A symbolic link is trusted no more than what it leads to.
  const real = realpathSync(path);
  if (real !== path) checkOwners(uid, dirname(real), real);
  if (!statSync(path).isSocket())
    throw new IpcError(
      'ENDPOINT_NOT_A_SOCKET',
      `${path} is not a socket; give the path of the socket of the daemon`,
    );
}

function checkOwners(uid: number, ...files: readonly string[]): void {
  for (const file of files) {
    const { uid: owner } = lstatSync(file);
    if (owner !== uid && owner !== 0)
      throw new IpcError(
        'ENDPOINT_NOT_OURS',
        `${file} belongs to another user; a daemon there is not yours. Give the path of your own`,
      );
  }
}
