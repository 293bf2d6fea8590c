// Why a daemon cannot listen on a pipe.
import { IpcError } from '../protocol/errors.js';

/** Node 20 reads as much of a pipe at once as a client has written, however much that is. */
const FIRST_NODE = 22;

/**
 * Refuses a Node that cannot bound what it reads.
 *
 * @throws {IpcError} `ENDPOINT_UNUSABLE`.
 */
export function checkNode(version: string): void {
  if (Number(version.split('.')[0]) >= FIRST_NODE) return;
  throw new IpcError(
    'ENDPOINT_UNUSABLE',
    `On Windows a daemon needs Node ${FIRST_NODE} or later: Node ${version} reads from a pipe without a bound, so that one client could fill its memory`,
  );
}

/** EACCES is not "in use": libuv gives it for a name that Windows refuses. */
export function asRefused(cause: unknown, path: string): IpcError {
  if (cause instanceof IpcError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  return code === 'EADDRINUSE'
    ? new IpcError(
        'ENDPOINT_IN_USE',
        `A daemon answers on ${path} already; stop it first, or choose another name`,
        { cause },
      )
    : new IpcError('ENDPOINT_UNUSABLE', `The pipe ${path} cannot be made: ${message}`, { cause });
}
