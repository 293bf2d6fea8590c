// What the kernel would refuse of a new process, known before an old one is ended for it.
import type { AppConfig } from '../../model/app-config.js';
import { PAGE } from '../../system/kernel.js';
import { problem } from './program.js';

/** The most bytes of one argument or variable on Linux, with its end; see execve(2). */
const LONGEST = 32 * PAGE;

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
 * Checks the size of each argument and variable. Shows none of them.
 *
 * @throws {Error} with the code `E2BIG`.
 */
export function checkSizes(args: readonly string[], env: NodeJS.ProcessEnv): void {
  if (process.platform !== 'linux') return;
  const index = args.findIndex((arg) => Buffer.byteLength(arg) >= LONGEST);
  if (index >= 0) throw problem('E2BIG', `argument ${index + 1} has ${LONGEST} bytes or more`);
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && Buffer.byteLength(`${name}=${value}`) >= LONGEST)
      throw problem('E2BIG', `the variable ${name.slice(0, 100)} has ${LONGEST} bytes or more`);
}
