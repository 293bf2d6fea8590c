// The endpoint on Windows: a named pipe, whose name the system gives to one server at a time.
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { PIPES, isPipe, originalPipeOf } from '../protocol/endpoints.js';
import { defaultSocketPath } from './default-path.js';
import { lockEndpoint } from './lock.js';
import { asRefused, checkNode } from './pipe-faults.js';
import { takePlace } from './place.js';
import type { Claim, ClaimOptions } from './ports.js';

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

async function listen(path: string, options: ClaimOptions): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => options.onConnection(socket));
  server.listen({ path, exclusive: true });
  await once(server, 'listening');
  server.on('error', (error) => options.onFault?.(error));
  return server;
}
