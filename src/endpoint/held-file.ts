// A file that one process holds open alone: the kernel lets go of it with the process, however that ends.
import { closeSync, constants, openSync } from 'node:fs';

/** On Windows libuv's own flag: nobody else can open the file meanwhile. */
const UV_FS_O_EXLOCK = 0x1000_0000;
/** On macOS and the BSDs a flag of open(2): an exclusive flock(2), without a wait. */
const O_EXLOCK = 0x20;
const O_NONBLOCK = 0x4;

/** The flags by which a system opens a file for one process alone; undefined where it has none. */
export function exclusiveFlags(platform: string): number | undefined {
  if (platform === 'win32') return UV_FS_O_EXLOCK;
  return platform === 'darwin' || platform.endsWith('bsd') ? O_EXLOCK | O_NONBLOCK : undefined;
}

/** The result of a try to hold a file. `unknown`: this system, or the file's file system, has no such locks. */
export type Hold = { readonly fd: number; readonly release: () => void } | 'held' | 'unknown';

/** How a file is opened; Node's own calls, unless a test gives others. */
export interface Opening {
  readonly platform: string;
  readonly open: (path: string, flags: number, mode: number) => number;
  readonly close: (fd: number) => void;
}

const node: Opening = { platform: process.platform, open: openSync, close: closeSync };

/** The error codes for a file that another process holds. Both EAGAIN and EWOULDBLOCK are EAGAIN there. */
const HELD = new Set(['EBUSY', 'EAGAIN']);
/** The error codes of a file system without locks. */
const NO_LOCKS = new Set(['ENOTSUP', 'EOPNOTSUPP', 'ENOLCK']);

/**
 * Holds a file until it is released or this process ends. Makes the file, 0600, if it is not there. It stays when it
 * is released: who removes a lock may remove another's.
 *
 * @throws {Error} of the file system, if it can neither be opened nor made.
 */
export function holdFile(path: string, { platform, open, close }: Opening = node): Hold {
  const exclusive = exclusiveFlags(platform);
  if (exclusive === undefined) return 'unknown';
  try {
    const fd = open(path, constants.O_RDWR | constants.O_CREAT | exclusive, 0o600);
    return { fd, release: () => close(fd) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (HELD.has(code)) return 'held';
    if (NO_LOCKS.has(code)) return 'unknown';
    throw error;
  }
}

/** Whether it is certain that a process holds a file now. */
export function isHeld(path: string, { platform, open, close }: Opening = node): boolean {
  const exclusive = exclusiveFlags(platform);
  if (exclusive === undefined) return false;
  try {
    close(open(path, constants.O_RDWR | exclusive, 0));
    return false;
  } catch (error) {
    return HELD.has((error as NodeJS.ErrnoException).code ?? '');
  }
}
