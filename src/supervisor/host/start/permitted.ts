// What the kernel would refuse of a new process, known before an old one is ended for it.
import type { AppConfig } from '../../model/app-config.js';
import { PAGE } from '../../system/kernel.js';
import { limitsOf } from '../../system/limits.js';
import { problem } from './program.js';

/** The most bytes of one argument or variable on Linux, with its end; see execve(2). */
const LONGEST = 32 * PAGE;
/** All of them together may have a quarter of the stack, within these bounds. */
const LEAST_SPACE = 128 * 1024;
const MOST_SPACE = 6 * 1024 * 1024;
/** The path of the program counts, too, and what an interpreter or prlimit adds. */
const RESERVED = 4096;
/** The bytes that each takes besides its text: its end and a pointer. */
const BESIDE = 1 + 8;

/**
 * Checks the user and the group of an app.
 *
 * @throws {Error} with the code `EPERM`.
 */
export function checkIds({ uid, gid }: Pick<AppConfig, 'uid' | 'gid'>): void {
  const own = process.getuid?.();
  if (own === 0) return;
  if (uid !== null && uid !== own)
    throw problem(
      'EPERM',
      `only root can run an app as another user (${uid}); the daemon runs as user ${own}`,
    );
  if (gid !== null && gid !== process.getgid?.())
    throw problem('EPERM', `only root can run an app with another group (${gid})`);
}

/**
 * Checks the size of each argument and variable, and of all of them together. Shows none of them.
 *
 * @throws {Error} with the code `E2BIG`.
 */
export function checkSizes(command: string, args: readonly string[], env: NodeJS.ProcessEnv): void {
  if (process.platform !== 'linux') return;
  let all = RESERVED + Buffer.byteLength(command) + BESIDE;
  for (const [index, arg] of args.entries()) {
    const bytes = Buffer.byteLength(arg);
    if (bytes >= LONGEST) throw problem('E2BIG', `argument ${index + 1} has ${LONGEST} bytes or more`);
    all += bytes + BESIDE;
  }
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    const bytes = Buffer.byteLength(`${name}=${value}`);
    if (bytes >= LONGEST)
      throw problem('E2BIG', `the variable ${name.slice(0, 100)} has ${LONGEST} bytes or more`);
    all += bytes + BESIDE;
  }
  const most = space();
  if (all > most)
    throw problem(
      'E2BIG',
      `its arguments and variables take ${all} bytes together, and the system has room for ${most}: give it less, or start the daemon with a larger stack (ulimit -s)`,
    );
}

/** The room for arguments and variables of a new process, which has our limits. */
function space(): number {
  const stack = limitsOf('self', 'stack size')?.soft ?? Infinity;
  return Math.max(LEAST_SPACE, Math.min(MOST_SPACE, Math.floor(stack / 4)));
}
