// The path of an endpoint, as it stays whatever folder the process is in.
import { isAbsolute, resolve } from 'node:path';

/**
 * The same path for the process's whole life. An absolute one is left as it is written: the kernel follows a `..`
 * behind a symbolic link.
 */
export function lastingPath(path: string): string {
  // An empty path is refused later, not taken for the directory.
  return process.platform === 'win32' || path === '' || isAbsolute(path) ? path : resolve(path);
}
