// Whose a directory or file is, and the making of a directory of our own. Used for sockets, state and logs alike.
import type { Stats } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { IpcError } from '../protocol/errors.js';

const STICKY = 0o1000;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;

/**
 * The other users that may write: `sticky` allows a directory such as /tmp, in which others can add files but not replace ours;
 * `nobody` is for directories and files whose whole content is trusted.
 */
export type OtherWriters = 'sticky' | 'nobody';

/**
 * The reason why a directory or file is not trusted, as the end of a sentence; undefined if it belongs to the user or to root
 * and nobody else can change it. On Windows everything is trusted, because Node does not report the owner.
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
  /** The advice for the user: the end of a sentence. */
  readonly advice: string;
  readonly others: OtherWriters;
}

/**
 * Makes a directory, 0700, if it is not there, with those above it. Refuses one in which another user could put
 * something in the place of ours. Nothing is made below a directory of another user. Resolves with the directory's
 * owner and mode.
 *
 * @throws {IpcError} `ENDPOINT_NOT_OURS`, `ENDPOINT_UNUSABLE`.
 */
export async function ownDirectory(directory: string, rule: OwnDirectory): Promise<Stats> {
  try {
    const missing = await missingDirectories(directory);
    // Before anything is made: root would leave directories of its own in another user's home.
    if (missing[0] !== undefined) await checkParent(dirname(missing[0]), directory, rule);
    for (const each of missing) await make(each);
    const found = await stat(directory);
    if (!found.isDirectory()) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
    const why = whyNotTrusted(found, rule.others);
    if (why !== undefined)
      throw new IpcError('ENDPOINT_NOT_OURS', `${rule.what} ${why}; ${rule.advice}: ${directory}`);
    return found;
  } catch (cause) {
    throw cause instanceof IpcError ? cause : asUnusable(cause as NodeJS.ErrnoException, directory, rule);
  }
}

async function checkParent(parent: string, directory: string, { what, advice }: OwnDirectory): Promise<void> {
  const why = whyNotTrusted(await stat(parent), 'sticky');
  if (why === undefined) return;
  throw new IpcError(
    'ENDPOINT_NOT_OURS',
    `${what} cannot be made in ${parent}, which ${why}; ${advice}: ${directory}`,
  );
}

function asUnusable(
  cause: NodeJS.ErrnoException,
  directory: string,
  { what, advice }: OwnDirectory,
): IpcError {
  const { code, message } = cause;
  const why =
    code === 'EEXIST' || code === 'ENOTDIR'
      ? `cannot be made: ${directory}, or a part of it, is not a directory`
      : `${directory} cannot be made: ${message}`;
  return new IpcError('ENDPOINT_UNUSABLE', `${what} ${why}; ${advice}`, { cause });
}

/** The directories that are not there, the outermost first. */
async function missingDirectories(directory: string): Promise<string[]> {
  const missing: string[] = [];
  for (let at = directory; !(await exists(at)); at = dirname(at)) {
    missing.unshift(at);
    if (dirname(at) === at) break;
  }
  return missing;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return false;
    throw error;
  }
}

// One at a time: Node's own recursive mkdir never returns below /proc.
async function make(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (error) {
    // Another process may have made it in this moment.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
