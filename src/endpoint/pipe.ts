// The endpoint on Windows: a named pipe, whose name the system gives to one server at a time.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { IpcError } from '../protocol/errors.js';
import type { Claim, ClaimOptions } from './ports.js';

/**
 * Listens on a pipe.
 *
 * @throws {IpcError} `ENDPOINT_IN_USE`, `ENDPOINT_UNUSABLE`.
 */
export async function claimPipe(path: string, options: ClaimOptions): Promise<Claim> {
  const server = createServer({ allowHalfOpen: true }, (socket) => options.onConnection(socket));
  server.listen({ path, exclusive: true });
  try {
    await once(server, 'listening');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' || code === 'EACCES') {
      throw new IpcError(
        'ENDPOINT_IN_USE',
        `A daemon answers on ${path} already; stop it first, or choose another name`,
        { cause },
      );
    }
    throw new IpcError('ENDPOINT_UNUSABLE', `The pipe ${path} cannot be made: ${message}`, { cause });
  }
  server.on('error', (error) => options.onFault?.(error));
  return {
    path,
    release() {
      server.close();
      return Promise.resolve();
    },
  };
}
