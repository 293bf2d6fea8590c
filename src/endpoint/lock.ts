// The lock that makes one daemon of many: held by a live process, stopped or not, and gone with it.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { basename, dirname } from 'node:path';
import { IpcError } from '../protocol/errors.js';

/** Longest abstract name we use; the kernel has room for 107 bytes after the first. */
const MAX_NAME = 100;

/**
 * Locks an endpoint's name in its directory. On Linux by an abstract socket, which the kernel frees with the
 * process and which a stopped process keeps (unix(7)); it is never spoken to. Elsewhere there is no such thing
 * and the bind itself decides.
 *
 * @throws {IpcError} `ENDPOINT_IN_USE` when another process holds it, `ENDPOINT_UNUSABLE` when it cannot be made.
 */
export async function lockEndpoint(path: string): Promise<() => void> {
  if (process.platform !== 'linux') return () => undefined;
  const { dev, ino } = statSync(dirname(path), { bigint: true });
  const full = `bunctl-ipc/${process.getuid?.() ?? 0}/${dev}-${ino}/${basename(path)}`;
  const name =
    Buffer.byteLength(full) <= MAX_NAME
      ? full
      : `bunctl-ipc/${createHash('sha256').update(full).digest('hex')}`;
  const server: Server = createServer((socket) => socket.destroy());
  server.listen({ path: `\0${name}`, exclusive: true });
  try {
    await once(server, 'listening');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE') {
      // The name in it begins with a NUL byte, which is written as @ elsewhere too.
      throw new IpcError(
        'ENDPOINT_UNUSABLE',
        `The lock of ${path} cannot be made: ${message.replace('\0', '@')}`,
        { cause },
      );
    }
    throw new IpcError(
      'ENDPOINT_IN_USE',
      `Another daemon runs on ${path}; stop it first, or choose another socket path`,
      { cause },
    );
  }
  server.unref();
  // Not a fault of the endpoint: nobody is meant to connect here.
  server.on('error', () => undefined);
  return () => server.close();
}
