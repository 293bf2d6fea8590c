// The socket's file: what is at a path, whether it is live, and the bind that appears whole and private or not at all.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, linkSync, lstatSync, rmSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { IpcError } from '../protocol/errors.js';
import { ownDirectory } from './own-directory.js';

const BACKLOG = 511;
/** A listener that neither takes nor refuses a connection for so long, in ms, is live and busy. */
const PROBE_TIMEOUT = 2000;

/** A file's identity, by which a successor's is told from ours. */
export interface FileId {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** The identity of what is at a path; undefined when nothing is. */
export function fileAt(path: string): (FileId & { isSocket: boolean }) | undefined {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stat && { dev: stat.dev, ino: stat.ino, isSocket: stat.isSocket() };
}

export function sameFile(a: FileId | undefined, b: FileId | undefined): boolean {
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

/**
 * Makes the socket's directory, 0700, if there is none, and refuses one in which another user could put a file
 * of his own in the socket's place.
 */
export function prepareDirectory(directory: string): void {
  ownDirectory(directory, { what: "The socket's directory", advice: 'choose another', others: 'sticky' });
}

/**
 * Makes a path free to bind: a stale socket goes, everything else stays and is refused.
 *
 * @throws {IpcError} `ENDPOINT_NOT_A_SOCKET`, `ENDPOINT_IN_USE`, `ENDPOINT_UNUSABLE`.
 */
export async function clearStale(path: string): Promise<void> {
  const found = fileAt(path);
  if (!found) return;
  if (!found.isSocket) {
    throw new IpcError(
      'ENDPOINT_NOT_A_SOCKET',
      `${path} exists and is not a socket; it was left as it is. Choose another path`,
    );
  }
  if (await isLive(path)) {
    throw new IpcError(
      'ENDPOINT_IN_USE',
      `A daemon answers on ${path} already; stop it first, or choose another socket path`,
    );
  }
  if (sameFile(found, fileAt(path))) unlinkSync(path);
}

/**
 * Only a refused connection says that nobody listens. EAGAIN is a full backlog, that is, a live daemon; any other
 * failure is our own, such as a lack of descriptors, and says nothing of a daemon.
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

/** A listening server and the file through which it is reached. */
export interface BoundSocket {
  readonly server: Server;
  readonly file: FileId;
}

/**
 * Binds a path that is free. The socket is made under another name in the same directory and linked into place
 * when it listens and has its mode: nobody meets it half made, a file that came meanwhile is not replaced, and
 * the close of the server, which unlinks the name it was bound to, cannot take a successor's file.
 */
export async function bindSocket(path: string, onConnection: (socket: Socket) => void): Promise<BoundSocket> {
  const server = createServer({ allowHalfOpen: true }, onConnection);
  const made = temporaryPath(path);
  // The umask is the process's; bind is synchronous in listen(), so it is narrow for just that.
  const umask = process.umask(0o077);
  try {
    server.listen({ path: made, backlog: BACKLOG, exclusive: true });
  } finally {
    process.umask(umask);
  }
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw asUnusable(cause, path);
  }
  try {
    chmodSync(made, 0o600);
    linkSync(made, path);
    const file = fileAt(path);
    if (!file) throw new IpcError('ENDPOINT_UNUSABLE', `${path} disappeared while it was bound`);
    return { server, file };
  } catch (cause) {
    server.close();
    throw asUnusable(cause, path);
  } finally {
    // Only what we made ourselves; after a failed close it is gone already.
    rmSync(made, { force: true });
  }
}

/** Tries for another name: of a name of one letter there are 63 others. */
const NAMES_TRIED = 1000;

/** A free name in the same directory, no longer than the socket's own, so that it fits wherever that one fits. */
function temporaryPath(path: string): string {
  const length = Math.min(12, Buffer.byteLength(basename(path)));
  for (let tried = 0; tried < NAMES_TRIED; tried += 1) {
    const name = randomBytes(length).toString('base64url').slice(0, length);
    const other = join(dirname(path), name);
    if (name !== basename(path) && !fileAt(other)) return other;
  }
  throw new IpcError(
    'ENDPOINT_UNUSABLE',
    `The socket cannot be made at ${path}: every other name as short as its own is taken there; choose a longer one`,
  );
}

function asUnusable(cause: unknown, path: string): IpcError {
  if (cause instanceof IpcError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE' || code === 'EEXIST') {
    return new IpcError('ENDPOINT_IN_USE', `${path} was taken by another program in this moment; try again`, {
      cause,
    });
  }
  return new IpcError('ENDPOINT_UNUSABLE', `The socket cannot be made at ${path}: ${message}`, { cause });
}
