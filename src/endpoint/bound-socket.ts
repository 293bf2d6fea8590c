// Binds and closes a listening socket and its file. Other users cannot reach the socket before it is private.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { lstatSync, renameSync, unlinkSync } from 'node:fs';
import { chmod, link, mkdtemp, rename, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { checkEndpoint, maxSocketPathBytes } from '../protocol/endpoints.js';
import { IpcError } from '../protocol/errors.js';
import { asUnusable, fileAt, type FileId, sameFile, takenMeanwhile } from './socket-file.js';

const BACKLOG = 511;

export interface BindOptions {
  /** Whether only our user can enter the socket's directory. */
  readonly privateDirectory: boolean;
  readonly onConnection: (socket: Socket) => void;
  readonly onError: (error: Error) => void;
}

/** A listening server and the file by which it is reached. */
export interface BoundSocket {
  readonly file: FileId;
  /**
   * Removes the file if it is still ours, then stops listening; open connections stay.
   *
   * @throws {IpcError} `ENDPOINT_UNUSABLE` if the file cannot be inspected or removed; listening has stopped even then.
   */
  close(): void;
}

/**
 * Binds a path that is free; the caller holds its lock. A file that came there meanwhile is left untouched.
 *
 * The socket must not be open to others before its mode is 0600. The umask sees to that, but it is the process's,
 * and a worker thread cannot set it. There the socket is bound at its path only in a private directory; in any other
 * it is made in a private directory beside its path and moved into place.
 *
 * @throws {IpcError} `ENDPOINT_IN_USE`, `ENDPOINT_TOO_LONG`, `ENDPOINT_UNUSABLE`.
 */
export async function bindSocket(path: string, options: BindOptions): Promise<BoundSocket> {
  try {
    return isMainThread || options.privateDirectory
      ? await bindInPlace(path, options)
      : await bindAside(path, options);
  } catch (cause) {
    throw asUnusable(cause, path);
  }
}

async function bindInPlace(path: string, options: BindOptions): Promise<BoundSocket> {
  const server = await listen(path, options);
  try {
    const file = await made(path);
    return { file, close: () => closeInPlace(server, path, file) };
  } catch (error) {
    server.close();
    throw error;
  }
}

async function bindAside(path: string, options: BindOptions): Promise<BoundSocket> {
  const directory = await mkdtemp(join(dirname(path), '.b'));
  try {
    const aside = join(directory, 's');
    checkAside(path, aside);
    const server = await listen(aside, options);
    try {
      const file = await made(aside);
      await moveIntoPlace(aside, path);
      return { file, close: () => closeMoved(server, path, file) };
    } catch (error) {
      server.close();
      throw error;
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Binds within this call, with a narrow umask where one can be set. */
async function listen(path: string, { onConnection, onError }: BindOptions): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, onConnection);
  const umask = isMainThread ? process.umask(0o077) : undefined;
  try {
    server.listen({ path, backlog: BACKLOG, exclusive: true });
  } finally {
    if (umask !== undefined) process.umask(umask);
  }
  await once(server, 'listening');
  server.on('error', onError);
  return server;
}

/** Gives a socket that was just bound its mode. */
async function made(path: string): Promise<FileId> {
  await chmod(path, 0o600);
  const file = await fileAt(path);
  if (!file) throw new IpcError('ENDPOINT_UNUSABLE', `${path} disappeared while it was bound`);
  return file;
}

/** A link never replaces a file that came meanwhile. Not every file system has links. */
async function moveIntoPlace(aside: string, path: string): Promise<void> {
  try {
    await link(aside, path);
  } catch (cause) {
    if (await fileAt(path)) throw takenMeanwhile(path, cause);
    await rename(aside, path);
  }
}

function checkAside(path: string, aside: string): void {
  try {
    checkEndpoint(aside, process.platform);
  } catch (cause) {
    const bytes = maxSocketPathBytes(process.platform) - (aside.length - dirname(path).length);
    throw new IpcError(
      'ENDPOINT_TOO_LONG',
      `In a worker thread the directory of a socket may have ${bytes} bytes, unless only its owner can enter it; choose a shorter path, or run: chmod 700 ${dirname(path)}`,
      { cause },
    );
  }
}

/**
 * Node removes the file at the path that a server was bound to when the server closes, whosever file it is by then.
 * Another program's file is therefore out of the way for that moment.
 */
function closeInPlace(server: Server, path: string, file: FileId): void {
  let aside: string | undefined;
  try {
    if (!removeOwn(path, file)) aside = moveAway(path);
  } finally {
    server.close();
    if (aside !== undefined) renameSync(aside, path);
  }
}

function closeMoved(server: Server, path: string, file: FileId): void {
  try {
    removeOwn(path, file);
  } finally {
    server.close();
  }
}

/**
 * Removes the file before the listener closes, so that no client meets a socket that refuses it. In one turn with the
 * close, which is as blocking: nothing can come between.
 *
 * @returns False when the file at the path is another program's.
 */
function removeOwn(path: string, file: FileId): boolean {
  try {
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (found === undefined) return true;
    if (!sameFile(file, found)) return false;
    unlinkSync(path);
    return true;
  } catch (cause) {
    const { message } = cause as Error;
    throw new IpcError('ENDPOINT_UNUSABLE', `The socket at ${path} cannot be removed: ${message}`, { cause });
  }
}

/** Undefined when the file cannot be moved; then it cannot be removed either. */
function moveAway(path: string): string | undefined {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    renameSync(path, aside);
    return aside;
  } catch {
    return undefined;
  }
}
