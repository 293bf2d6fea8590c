// Connects to a daemon: each candidate in turn, again while it is busy or starting, and only if it is ours or root's.
import { lstatSync, type Stats } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { IpcError } from '../protocol/errors.js';
import type { ConnectOptions } from './options.js';

/** A full backlog: worth another try. */
const BUSY = 'EAGAIN';
/** A daemon that has gone, or one between its lock and its bind. */
const REFUSED = 'ECONNREFUSED';
const FIRST_WAIT = 10;
const LONGEST_WAIT = 200;

/**
 * Connects to the first of the paths on which a daemon answers.
 *
 * @throws {IpcError} `CONNECT_FAILED`, `ENDPOINT_NOT_OURS`; or the signal's reason.
 */
export async function connectFirst(
  paths: readonly string[],
  {
    timeout = 5000,
    retryRefused = true,
    signal,
  }: Pick<ConnectOptions, 'timeout' | 'retryRefused' | 'signal'>,
): Promise<{ socket: Socket; path: string }> {
  const worthRetrying = new Set(retryRefused ? [BUSY, REFUSED] : [BUSY]);
  const deadline = performance.now() + timeout;
  const failures: string[] = [];
  let last: unknown;
  for (const [index, path] of paths.entries()) {
    try {
      // Only the last candidate is worth waiting for: a daemon that lives on another one answers at once.
      const until =
        index === paths.length - 1 ? deadline : Math.min(deadline, performance.now() + timeout / 10);
      return { socket: await connectWithRetry(path, until, worthRetrying, signal), path };
    } catch (error) {
      if (
        signal?.aborted ||
        (error instanceof IpcError && error.code === 'ENDPOINT_NOT_OURS' && paths.length === 1)
      )
        throw error;
      last = error;
      failures.push(`${path} (${reason(error)})`);
    }
  }
  throw new IpcError(
    'CONNECT_FAILED',
    `No daemon answers on ${failures.join(', nor on ')}; start one, or give the path of its socket`,
    { cause: last },
  );
}

async function connectWithRetry(
  path: string,
  deadline: number,
  worthRetrying: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<Socket> {
  for (let wait = FIRST_WAIT; ; wait = Math.min(LONGEST_WAIT, wait * 2)) {
    signal?.throwIfAborted();
    const left = deadline - performance.now();
    try {
      checkOwner(path);
      const socket = await connectOnce(path, Math.max(1, left), signal);
      try {
        // Once more: what was looked at before may have been replaced since.
        checkOwner(path);
        return socket;
      } catch (error) {
        socket.destroy();
        throw error;
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Jitter, or all clients that were turned away together come back together.
      const pause = wait * (0.5 + Math.random());
      if (!code || !worthRetrying.has(code) || pause > left) throw error;
      await sleep(pause, undefined, signal ? { signal } : {});
    }
  }
}

function connectOnce(path: string, timeout: number, signal: AbortSignal | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ path, allowHalfOpen: true });
    const timer = setTimeout(
      () =>
        socket.destroy(
          Object.assign(new Error(`no answer within ${Math.round(timeout)} ms (timeout)`), {
            code: 'ETIMEDOUT',
          }),
        ),
      timeout,
    );
    const onAbort = (): void => void socket.destroy(signal?.reason as Error);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      act();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () =>
      settle(() => {
        socket.removeListener('error', reject);
        resolve(socket);
      }),
    );
    socket.once('error', (error) => settle(() => reject(error)));
  });
}

/** Whose a file may be: the user's own or root's. */
function isTrusted(owner: number, uid: number): boolean {
  return owner === uid || owner === 0;
}

/**
 * Node cannot ask who is at the other end of a socket, so the owners of its file and directory are looked at:
 * a daemon of another user would be told secrets.
 */
function checkOwner(path: string): void {
  const uid = process.getuid?.();
  if (uid === undefined) return;
  const look = (what: string): Stats => lstatSync(what);
  for (const what of [dirname(path), path]) {
    if (!isTrusted(look(what).uid, uid)) {
      throw new IpcError(
        'ENDPOINT_NOT_OURS',
        `${what} belongs to another user; a daemon there is not yours. Give the path of your own`,
      );
    }
  }
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'there is no socket' : code === 'ECONNREFUSED' ? 'nobody listens' : message;
}
