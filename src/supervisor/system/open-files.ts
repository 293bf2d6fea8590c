// The limit of open files. Node raises its own soft limit to the hard one when it starts, and children inherit that.
import { access, constants } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { IpcError } from '../../protocol/errors.js';
import { type Limits, limitsOf } from './limits.js';
import { readProc } from './stat.js';
import { system as facts } from './system.js';

/** The limits of a process; undefined where they cannot be known. */
export const openFilesOf = (pid: number | 'self'): Limits | undefined => limitsOf(pid, 'open files');

/** Access to the ancestors of this process. */
export interface Ancestors {
  readonly limits: (pid: number | 'self') => Limits | undefined;
  readonly parent: (pid: number) => number | undefined;
  readonly isNode: (pid: number) => boolean;
}

const system: Ancestors = {
  limits: openFilesOf,
  parent: (pid) => facts.statOf(pid)?.parent,
  isNode: (pid) =>
    /^(node|nodejs|MainThread)$/.test(readProc(`/proc/${pid}/comm`)?.toString('latin1').trim() ?? ''),
};

/**
 * The soft limit that this process was started with, as far as it can be known. Node raises its own soft limit, and the
 * former value is lost. So this takes the soft limit of the nearest ancestor with our hard limit. It skips ancestors
 * that are Node, or that Node started with a limit that it had raised. Undefined if our hard limit is another than the
 * parent's: somebody has set the
 * limits for this process alone (`prlimit`, a service's unit), and nothing tells the soft one.
 *
 * `BUNCTL_OPEN_FILES` says it; `told` is its value.
 *
 * @throws {IpcError} `OPTION_INVALID` for a value that is not a limit.
 */
export function givenOpenFiles(
  told: string | undefined,
  start: number = process.ppid,
  { limits, parent, isNode }: Ancestors = system,
): number | undefined {
  if (/^[1-9]\d*$/.test(told ?? '')) return Number(told);
  if (told)
    throw new IpcError(
      'OPTION_INVALID',
      `BUNCTL_OPEN_FILES must be a whole number, 1 or more, not "${told}"`,
    );
  const own = limits('self');
  for (let pid: number | undefined = start; pid !== undefined && pid > 0;) {
    const found = limits(pid);
    if (own === undefined || found?.hard !== own.hard) return undefined;
    const above = parent(pid);
    const raisedByNode = found.soft === found.hard && (isNode(pid) || (above !== undefined && isNode(above)));
    if (!raisedByNode) return found.soft;
    pid = above;
  }
  return undefined;
}

/** util-linux's prlimit(1), which sets a limit and becomes the program; undefined where it is not installed. */
export async function findPrlimit(path = process.env['PATH'] ?? ''): Promise<string | undefined> {
  for (const folder of [...path.split(delimiter), '/usr/bin', '/bin']) {
    const file = join(folder, 'prlimit');
    if (!isAbsolute(file)) continue;
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  return undefined;
}
