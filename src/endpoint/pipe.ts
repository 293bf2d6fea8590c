// The endpoint on Windows: a named pipe, whose name the system gives to one server at a time.
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { PIPES, isPipe, originalPipeOf } from '../protocol/endpoints.js';
import { IpcError } from '../protocol/errors.js';
import { defaultSocketPath } from './default-path.js';
import { lockEndpoint } from './lock.js';
import { takePlace } from './place.js';
import type { Claim, ClaimOptions } from './ports.js';

/** Node 20 reads as much of a pipe at once as a client has written, however much that is. */
const FIRST_NODE = 22;

/**
 * Listens on a pipe, or at a place. When any number of processes try at once, exactly one succeeds.
 *
 * The original's clients know a path by a name of its last component alone. While no other daemon has that name, they
 * find this one by it. Our own clients do not use it: it may be anybody's.
 *
 * @throws {IpcError} `ENDPOINT_IN_USE`, `ENDPOINT_UNUSABLE`.
 */
export async function claimPipe(path: string, options: ClaimOptions): Promise<Claim> {
  checkNode(process.versions.node);
  const undo = [await lockEndpoint(path)];
  const release = (): void => {
    for (const step of undo.splice(0).reverse()) step();
  };
  try {
    let [pipe, original] = [path, originalPipeOf(path)];
    if (!isPipe(path)) {
      const place = takePlace(path);
      undo.push(place.leave);
      pipe = place.pipe;
      original = path === defaultSocketPath() ? `${PIPES}bunctl_default` : undefined;
    }
    const server = await listen(pipe, options);
    undo.push(() => server.close());
    const second =
      original === undefined ? undefined : await listen(original, options).catch(() => undefined);
    if (second) undo.push(() => second.close());
  } catch (cause) {
    release();
    throw asRefused(cause, path);
  }
  return {
    path,
    release() {
      release();
      return Promise.resolve();
    },
  };
}

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

async function listen(path: string, options: ClaimOptions): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => options.onConnection(socket));
  server.listen({ path, exclusive: true });
  await once(server, 'listening');
  server.on('error', (error) => options.onFault?.(error));
  return server;
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
