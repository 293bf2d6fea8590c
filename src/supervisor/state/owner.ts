// One daemon owns a state directory: two would each start the same apps.
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { exclusiveFlags, isHeld } from '../../endpoint/held-file.js';
import { lockEndpoint } from '../../endpoint/lock.js';
import { IpcError } from '../../protocol/errors.js';
import { lockFile } from './file-lock.js';
import { readOwnFile } from './own-files.js';
import { stateFiles } from './paths.js';

export interface Ownership {
  /** Whether the lock on the file holds. It is needed across network namespaces and hosts. */
  readonly lockHolds: boolean;
  /** Why the owner could not be written down for others. */
  readonly untold: Error | undefined;
}

/**
 * Makes this process the owner of a state directory for its whole life. Two daemons can come by the same one on
 * different sockets, in different network namespaces, or on different hosts.
 *
 * @param write Node's own call, unless a test gives another one.
 * @throws {IpcError} `ENDPOINT_IN_USE` when another daemon owns it.
 */
export async function ownState(
  directory: string,
  socketPath: string,
  write: typeof writeFile = writeFile,
): Promise<Ownership> {
  const { lock } = stateFiles(directory);
  try {
    await lockEndpoint(join(directory, 'daemon'));
  } catch (cause) {
    if (!(cause instanceof IpcError) || cause.code !== 'ENDPOINT_IN_USE') throw cause;
    throw await inUse(directory, lock, socketPath, cause);
  }
  // Where the lock of a directory is a file, that holds it on every host already.
  const byFile = exclusiveFlags(process.platform) !== undefined;
  const outcome = byFile ? 'locked' : await lockFile(lock);
  if (outcome === 'held') throw await inUse(directory, lock, socketPath);
  // In place: the lock is on this file. The text in it only serves a message, and a full disk has no room for it.
  const untold = await write(lock, `${socketPath}\n${hostname()}\n`, { mode: 0o600 }).then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  return { lockHolds: outcome === 'locked', untold };
}

/** Whether it is certain that a daemon owns a state directory now; false where the lock is not a file. */
export const isOwned = (directory: string): boolean => isHeld(join(directory, 'daemon.lock'));

async function inUse(
  directory: string,
  lock: string,
  socketPath: string,
  cause?: unknown,
): Promise<IpcError> {
  const [path = socketPath, host = hostname()] = await holder(lock);
  const where = host === hostname() ? path : `${path} of the host ${host}`;
  return new IpcError(
    'ENDPOINT_IN_USE',
    `A daemon of yours runs on ${where} already and keeps its apps in ${directory}; stop it first, or give this one a path with --socket`,
    { cause },
  );
}

/** The socket and the host of the owner, as it wrote them down; empty when it has not. */
async function holder(lock: string): Promise<string[]> {
  try {
    return (await readOwnFile(lock)).split('\n').filter(Boolean);
  } catch {
    return [];
  }
}
