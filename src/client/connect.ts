// Connects to a daemon: each candidate in turn, again while it is busy or starting, and only if it is ours or root's.
import { lstatSync, type Stats } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { IpcError } from '../protocol/errors.js';
import { within } from '../timeout.js';
import { onAbort } from '../abort.js';
import type { ResolvedOptions } from './options.js';

/** Which failures are worth another try: a full backlog, a socket that nobody holds any more or yet, and none at all. */
const WORTH_RETRYING: Readonly<Record<ResolvedOptions['retry'], readonly string[]>> = {
  busy: ['EAGAIN'],
  refused: ['EAGAIN', 'ECONNREFUSED'],
  absent: ['EAGAIN', 'ECONNREFUSED', 'ENOENT'],
};
const FIRST_WAIT = 10;
const LONGEST_WAIT = 200;

interface Failure {
  readonly path: string;
  readonly error: unknown;
}

/**
 * Connects to the first of the paths on which a daemon answers; all are tried again together while one is worth it.
 * A timeout of 0 is none.
 *
 * @throws {IpcError} `CONNECT_FAILED`, `ENDPOINT_NOT_OURS`; or the signal's reason.
 */
export async function connectFirst(
  paths: readonly string[],
  { timeout, retry, signal }: Pick<ResolvedOptions, 'timeout' | 'retry' | 'signal'>,
): Promise<{ socket: Socket; path: string }> {
  const deadline = timeout === 0 ? Infinity : performance.now() + timeout;
  for (let wait = FIRST_WAIT; ; wait = Math.min(LONGEST_WAIT, wait * 2)) {
    const failures: Failure[] = [];
    for (const path of paths) {
      signal?.throwIfAborted();
      try {
        const left = Math.max(1, Math.round(deadline - performance.now()));
        return { socket: await connectTrusted(path, timeout === 0 ? 0 : left, signal), path };
      } catch (error) {
        signal?.throwIfAborted();
        failures.push({ path, error });
      }
    }
    // Jitter, or all clients that were turned away together come back together.
    const pause = wait * (0.5 + Math.random());
    const again = failures.some(({ error }) => WORTH_RETRYING[retry].includes(codeOf(error)));
    if (!again || performance.now() + pause > deadline) throw asError(failures);
    await sleep(pause, signal);
  }
}

/** Waits so many ms, or until the signal aborts. */
function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const awake = (): void => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    const timer = setTimeout(awake, ms);
    const stop = onAbort(signal, awake);
  });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

function asError(failures: readonly Failure[]): unknown {
  const [first] = failures;
  if (failures.length === 1 && codeOf(first?.error) === 'ENDPOINT_NOT_OURS') return first?.error;
  const told = failures.map(({ path, error }) => `${path} (${reason(error)})`);
  return new IpcError(
    'CONNECT_FAILED',
    `No daemon answers on ${told.join(', nor on ')}; start one, or give the path of its socket`,
    { cause: failures.at(-1)?.error },
  );
}

async function connectTrusted(
  path: string,
  patience: number,
  signal: AbortSignal | undefined,
): Promise<Socket> {
  checkOwner(path);
  const socket = await connectOnce(path, patience, signal);
  try {
    // Once more: what was looked at before may have been replaced since.
    checkOwner(path);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** @param patience In ms; 0 for ever. */
async function connectOnce(path: string, patience: number, signal: AbortSignal | undefined): Promise<Socket> {
  const socket = connectSocket({ path, allowHalfOpen: true });
  let stop = (): void => undefined;
  const connected = new Promise<void>((resolve, reject) => {
    stop = onAbort(signal, () => reject(signal?.reason as Error));
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  try {
    await within(connected, patience, 'no answer');
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    stop();
  }
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
