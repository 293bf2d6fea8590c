// The lock that makes one daemon of many: a live process holds it, stopped or not, and it ends with the process.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, dirname } from 'node:path';
import { IpcError } from '../protocol/errors.js';

/** The longest abstract name we use, in bytes; the kernel takes 107 after the first. */
const MAX_NAME = 100;

/**
 * Locks an endpoint's name in its directory. On Linux the lock is an abstract socket (unix(7)), which the kernel
 * frees with the process and which a stopped process keeps; no data is sent on it. Other systems do not have abstract
 * sockets; there the bind decides.
 *
 * @returns Gives the lock up.
 * @throws {IpcError} `ENDPOINT_IN_USE` when another process holds it, `ENDPOINT_UNUSABLE` when it cannot be made.
 */
export async function lockEndpoint(path: string): Promise<() => void> {
  if (process.platform !== 'linux') return () => undefined;
  const server = createServer((socket) => socket.destroy());
  try {
    const name = await lockName(path);
    server.listen({ path: `\0${name}`, exclusive: true });
    await once(server, 'listening');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new IpcError(
        'ENDPOINT_IN_USE',
        `Another daemon runs on ${path}; stop it first, or choose another socket path`,
        { cause },
      );
    }
    // The name in the message begins with a NUL byte, which other programs show as @.
    const why = message.replace('\0', '@');
    throw new IpcError('ENDPOINT_UNUSABLE', `The lock of ${path} cannot be made: ${why}`, { cause });
  }
  server.unref();
  // Not a fault of the endpoint: this socket is not meant for connections.
  server.on('error', () => undefined);
  return () => server.close();
}

/** The directory's identity instead of its path, so that one socket has one lock whatever way leads to it. */
async function lockName(path: string): Promise<string> {
  const { dev, ino } = await stat(dirname(path), { bigint: true });
  const full = `bunctl-ipc/${process.getuid?.() ?? 0}/${dev}-${ino}/${basename(path)}`;
  return Buffer.byteLength(full) <= MAX_NAME
    ? full
    : `bunctl-ipc/${createHash('sha256').update(full).digest('hex')}`;
}
