// Connects to a daemon: each candidate in turn, again while it is busy or starting, and only if it is ours or root's.
import { connect as connectSocket, type Socket } from 'node:net';
import { isAbsolute } from 'node:path';
import { onAbort } from '../abort.js';
import { systemClock } from '../clock.js';
import { absoluteSocketPath, candidateSocketPaths, endpointAt } from '../endpoint/default-path.js';
import { pipeAt } from '../endpoint/place.js';
import { isPipe, ORIGINAL_SOCKET } from '../protocol/endpoints.js';
import { IpcError } from '../protocol/errors.js';
import { within } from '../timeout.js';
import { type ConnectOptions, type ResolvedOptions, resolveOptions } from './options.js';
import { checkTrust } from './trust.js';

/** Which failures are worth another try: a full backlog; also a socket without a listener; also no socket at all. */
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

export interface Connected {
  readonly socket: Socket;
  /** The path that was connected to. */
  readonly path: string;
}

/** Connects to a path, or to the first candidate on which a daemon answers; see `IpcClient.connect`. */
export async function connectTo(
  path: string | undefined,
  options: ConnectOptions,
): Promise<Connected & { readonly settings: ResolvedOptions }> {
  if (path !== undefined && typeof path !== 'string')
    throw new IpcError(
      'OPTION_INVALID',
      'path must be a string; options come second: IpcClient.connect(undefined, { timeout: 1000 })',
    );
  const settings = resolveOptions(options);
  const paths = path === undefined ? candidates() : [endpointAt(path)];
  const { socket, path: reached } = await connectFirst(paths, settings);
  return { socket, path: isAbsolute(reached) ? reached : absoluteSocketPath(reached), settings };
}

function candidates(): string[] {
  const ours = candidateSocketPaths();
  // A socket that is named is the only one that is meant.
  if (process.env['BUNCTL_SOCKET'] || process.platform === 'win32') return ours;
  return [...new Set([...ours, ORIGINAL_SOCKET])];
}

/**
 * Connects to the first of the paths on which a daemon answers. All are tried again together while a retry is worth it.
 * A timeout of 0 means no timeout.
 */
async function connectFirst(
  paths: readonly string[],
  { timeout, retry, signal }: Pick<ResolvedOptions, 'timeout' | 'retry' | 'signal'>,
): Promise<Connected> {
  const deadline = timeout === 0 ? Infinity : systemClock.now() + timeout;
  for (let wait = FIRST_WAIT; ; wait = Math.min(LONGEST_WAIT, wait * 2)) {
    const failures: Failure[] = [];
    for (const path of paths) {
      signal?.throwIfAborted();
      try {
        const left = Math.max(1, Math.round(deadline - systemClock.now()));
        return { socket: await connectTrusted(path, timeout === 0 ? 0 : left, signal), path };
      } catch (error) {
        signal?.throwIfAborted();
        failures.push({ path, error });
      }
    }
    // Jitter, or all clients that were turned away together come back together.
    const pause = wait * (0.5 + Math.random());
    const again = failures.some(({ error }) => WORTH_RETRYING[retry].includes(codeOf(error)));
    if (!again || systemClock.now() + pause > deadline) throw asError(failures);
    await sleep(pause, signal);
  }
}

/** Waits `ms` milliseconds, or until the signal aborts. */
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
  if (failures.length === 1 && codeOf(first?.error).startsWith('ENDPOINT_')) return first?.error;
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
  checkTrust(path);
  const socket = await connectOnce(path, patience, signal);
  try {
    // Checked again: the file may have been replaced before the connection was made.
    checkTrust(path);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** @param patience In ms; 0 for ever. */
async function connectOnce(path: string, patience: number, signal: AbortSignal | undefined): Promise<Socket> {
  const socket = connectSocket({ path: addressOf(path), allowHalfOpen: true });
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

/** The target of a path: the path itself, or on Windows the pipe of the daemon that lives at a place. */
function addressOf(path: string): string {
  if (process.platform !== 'win32' || isPipe(path)) return path;
  const pipe = pipeAt(path);
  if (pipe !== undefined) return pipe;
  throw Object.assign(new Error('no daemon lives there'), { code: 'ENOENT' });
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const absent = process.platform === 'win32' ? 'there is no pipe' : 'there is no socket';
  return code === 'ENOENT' ? absent : code === 'ECONNREFUSED' ? 'nobody listens' : message;
}
