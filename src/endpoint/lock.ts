// The lock that makes one daemon of many: a live process holds it, stopped or not, and it ends with the process.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, dirname } from 'node:path';
import { IpcError } from '../protocol/errors.js';
import { holdFile } from './held-file.js';
import { lockPathOf } from './lock-path.js';

/** The longest abstract name we use, in bytes; the kernel takes 107 after the first. */
const MAX_NAME = 100;

/**
 * Locks an endpoint's name in its directory. On Linux the lock is an abstract socket (unix(7)), which the kernel
 * frees with the process and which a stopped process keeps; no data is sent on it. Windows, macOS and the BSDs have
 * files that one process holds alone. On other systems the bind decides.
 *
 * @returns Gives the lock up.
 * @throws {IpcError} `ENDPOINT_IN_USE` when another process holds it, `ENDPOINT_UNUSABLE` when it cannot be made.
 */
export async function lockEndpoint(path: string): Promise<() => void> {
  if (process.platform !== 'linux') return lockByFile(path);
  const server = createServer((socket) => socket.destroy());
  try {
    const name = await lockName(path);
    server.listen({ path: `\0${name}`, exclusive: true });
    await once(server, 'listening');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw inUse(path, cause);
    // The name in the message begins with a NUL byte, which other programs show as @.
    const why = message.replace('\0', '@');
    throw new IpcError('ENDPOINT_UNUSABLE', `The lock of ${path} cannot be made: ${why}`, { cause });
  }
  server.unref();
  // Not a fault of the endpoint: this socket is not meant for connections.
  server.on('error', () => undefined);
  return () => server.close();
}

function lockByFile(path: string): () => void {
  let hold: ReturnType<typeof holdFile>;
  try {
    hold = holdFile(lockPathOf(path));
  } catch (cause) {
    const { message } = cause as Error;
    throw new IpcError('ENDPOINT_UNUSABLE', `The lock of ${path} cannot be made: ${message}`, { cause });
  }
  if (hold === 'held') throw inUse(path);
  return hold === 'unknown' ? () => undefined : hold.release;
}

function inUse(path: string, cause?: unknown): IpcError {
  const message = `Another daemon runs on ${path}; stop it first, or choose another socket path`;
  return new IpcError('ENDPOINT_IN_USE', message, { cause });
}

/** The directory's identity instead of its path, so that one socket has one lock whatever way leads to it. */
async function lockName(path: string): Promise<string> {
  const { dev, ino } = await stat(dirname(path), { bigint: true });
  const full = `bunctl-ipc/${process.getuid?.() ?? 0}/${dev}-${ino}/${basename(path)}`;
  return Buffer.byteLength(full) <= MAX_NAME
    ? full
    : `bunctl-ipc/${createHash('sha256').update(full).digest('hex')}`;
}
