// A lock on a file. Unlike an abstract socket it holds across network namespaces and, on a shared file system, across hosts.
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';

/** How long, in ms, the file system may take to answer. */
const PATIENCE = 5000;

/** What can be asked for a lock: Node has no call for it. Either locks the descriptor that it inherits; see flock(2). */
const PROGRAMS = [
  ['flock', '-n', '3'],
  ['busybox', 'flock', '-n', '3'],
] as const;

/** `unavailable`: no program for it is installed, or the file system knows no locks. */
export type FileLock = 'locked' | 'held' | 'unavailable';

/**
 * Locks a file for as long as this process lives; the kernel frees it with the process. The lock belongs to the open
 * file, so it stays when the program that took it has ended.
 */
export async function lockFile(path: string): Promise<FileLock> {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants as Partial<typeof constants>;
  const fd = openSync(path, (O_RDWR ?? 0) | (O_CREAT ?? 0) | (O_NOFOLLOW ?? 0), 0o600);
  for (const [program, ...args] of PROGRAMS) {
    const code = await exitCode(program, args, fd);
    if (code === 0) return 'locked';
    if (code === 1) {
      closeSync(fd);
      return 'held';
    }
  }
  closeSync(fd);
  return 'unavailable';
}

/** Undefined when the program is not there or does not end by itself. */
function exitCode(program: string, args: readonly string[], fd: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore', fd], timeout: PATIENCE });
    child.once('error', () => resolve(undefined));
    child.once('exit', (code) => resolve(code ?? undefined));
  });
}
