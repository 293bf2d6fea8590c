// Whose a directory or file is, and the making of a directory of our own. Used for sockets, state and logs alike.
import { mkdirSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { IpcError } from '../protocol/errors.js';

const STICKY = 0o1000;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;

/**
 * Who else may write: `sticky` allows a directory such as /tmp, in which others can add files but not replace ours;
 * `nobody` is for directories and files whose whole content is believed.
 */
export type OtherWriters = 'sticky' | 'nobody';

/**
 * Why a directory or file is not to be trusted, as the end of a sentence; undefined when it is the user's or root's
 * and nobody else can change it. On Windows everything is trusted: its owner cannot be asked for.
 */
export function whyNotTrusted(
  { uid, mode }: Pick<Stats, 'uid' | 'mode'>,
  others: OtherWriters,
): string | undefined {
  const user = process.getuid?.();
  if (user === undefined) return undefined;
  if (uid !== user && uid !== 0) return 'belongs to another user';
  if (others === 'sticky')
    return (mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0 ? 'is writable by everyone' : undefined;
  if ((mode & OTHERS_WRITE) !== 0) return 'is writable by everyone';
  return (mode & GROUP_WRITES) !== 0 ? 'is writable by its group' : undefined;
}

export interface OwnDirectory {
  /** Begins sentences, such as `The socket's directory`. */
  readonly what: string;
  /** What the user can do about it: the end of a sentence. */
  readonly advice: string;
  readonly others: OtherWriters;
}

/**
 * Makes a directory, 0700, if it is not there, with those above it. Refuses one in which another user could put
 * something in the place of ours. Nothing is made below a directory of another user.
 *
 * @throws {IpcError} `ENDPOINT_NOT_OURS`, `ENDPOINT_UNUSABLE`.
 */
export function ownDirectory(directory: string, { what, advice, others }: OwnDirectory): void {
  try {
    const missing = missingDirectories(directory);
    const existing = dirname(missing[0] ?? directory);
    // Before anything is made: root would leave directories of its own in another user's home.
    if (missing.length > 0) refuse(existing, statSync(existing), 'sticky');
    for (const each of missing) make(each);
    const stat = statSync(directory);
    if (!stat.isDirectory()) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
    refuse(directory, stat, others);
  } catch (cause) {
    if (cause instanceof IpcError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const why =
      code === 'EEXIST' || code === 'ENOTDIR'
        ? `cannot be made: ${directory}, or what it is in, is not a directory`
        : `${directory} cannot be made: ${message}`;
    throw new IpcError('ENDPOINT_UNUSABLE', `${what} ${why}; ${advice}`, { cause });
  }

  function refuse(path: string, stat: Stats, writers: OtherWriters): void {
    const why = whyNotTrusted(stat, writers);
    if (why === undefined) return;
    const where =
      path === directory
        ? `${why}; ${advice}: ${directory}`
        : `cannot be made in ${path}, which ${why}; ${advice}: ${directory}`;
    throw new IpcError('ENDPOINT_NOT_OURS', `${what} ${where}`);
  }
}

/** The directories that are not there, the outermost first. */
function missingDirectories(directory: string): string[] {
  const missing: string[] = [];
  for (let at = directory; !statSync(at, { throwIfNoEntry: false }); at = dirname(at)) {
    missing.unshift(at);
    if (dirname(at) === at) break;
  }
  return missing;
}

// One at a time: Node's own recursive mkdir never returns below /proc.
function make(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    const isDirectory = statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true;
    if (!isDirectory || (error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
