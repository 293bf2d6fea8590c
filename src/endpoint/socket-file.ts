// Inspects a socket's path: the owner of its directory, the kind of the file, and whether a daemon listens there.
import { once } from 'node:events';
import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { IpcError } from '../protocol/errors.js';
import { ownDirectory } from './own-directory.js';

/** The time, in ms, after which a listener that neither takes nor refuses a connection counts as live and busy. */
const PROBE_TIMEOUT = 2000;

/** A file's identity, which distinguishes our file from a successor's. */
export interface FileId {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** The state of a path. */
export interface FoundFile extends FileId {
  readonly kind: 'socket' | 'regular file' | 'directory' | 'symbolic link' | 'device or pipe';
}

/** The state of a path; undefined if there is no file. */
export async function fileAt(path: string): Promise<FoundFile | undefined> {
  try {
    const found = await lstat(path, { bigint: true });
    const kind = found.isSocket()
      ? 'socket'
      : found.isFile()
        ? 'regular file'
        : found.isDirectory()
          ? 'directory'
          : found.isSymbolicLink()
            ? 'symbolic link'
            : 'device or pipe';
    return { dev: found.dev, ino: found.ino, kind };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function sameFile(a: FileId | undefined, b: FileId | undefined): boolean {
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

/**
 * Makes the socket's directory, 0700, if there is none, and refuses a directory in which another user could put a
 * file into the socket's place.
 *
 * @returns Whether only our user can enter the directory.
 * @throws {IpcError} `ENDPOINT_NOT_OURS`, `ENDPOINT_UNUSABLE`.
 */
export async function prepareDirectory(directory: string): Promise<boolean> {
  const { mode } = await ownDirectory(directory, {
    what: "The socket's directory",
    advice: 'choose another',
    others: 'sticky',
  });
  return (mode & 0o077) === 0;
}

/**
 * Makes a path free to bind: a stale socket is removed; everything else is left untouched and refused.
 *
 * @throws {IpcError} `ENDPOINT_NOT_A_SOCKET`, `ENDPOINT_IN_USE`, `ENDPOINT_UNUSABLE`.
 */
export async function clearStale(path: string): Promise<void> {
  try {
    const found = await fileAt(path);
    if (!found) return;
    if (found.kind !== 'socket') {
      throw new IpcError(
        'ENDPOINT_NOT_A_SOCKET',
        `A ${found.kind} is at ${path}, where the socket would be; it was left untouched. Move it away, or choose another socket path`,
      );
    }
    if (await isLive(path)) {
      throw new IpcError(
        'ENDPOINT_IN_USE',
        `A daemon answers on ${path} already; stop it first, or choose another socket path`,
      );
    }
    if (sameFile(found, await fileAt(path))) await unlink(path);
  } catch (cause) {
    throw asUnusable(cause, path);
  }
}

/**
 * Only a refused connection means that there is no listener. EAGAIN means a full backlog, and so a live daemon. Any other
 * failure is our own, such as a lack of descriptors, and does not tell whether a daemon is live.
 */
async function isLive(path: string): Promise<boolean> {
  const socket = connect(path);
  socket.setTimeout(PROBE_TIMEOUT, () =>
    socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
  );
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return false;
    if (code === 'EAGAIN' || code === 'ETIMEDOUT') return true;
    throw asUnusable(error, path);
  } finally {
    socket.destroy();
  }
}

/** The error of a socket that could not be made. */
export function asUnusable(cause: unknown, path: string): IpcError {
  if (cause instanceof IpcError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE' || code === 'EEXIST') return takenMeanwhile(path, cause);
  return new IpcError('ENDPOINT_UNUSABLE', `The socket cannot be made at ${path}: ${message}`, { cause });
}

/** The error of a path that was free a moment ago. */
export function takenMeanwhile(path: string, cause: unknown): IpcError {
  return new IpcError('ENDPOINT_IN_USE', `${path} was taken by another program just now; try again`, {
    cause,
  });
}
