// How far one output file of an app has been followed, and whether it is still the same file.
import type { Stream } from '../state/paths.js';

/** How many bytes before the offset are remembered. */
const REMEMBERED = 256;

export interface Followed {
  readonly id: string;
  readonly stream: Stream;
  readonly path: string;
  /** Where the next line begins; undefined if that is to be found at the file's end. */
  offset: number | undefined;
  /** The bytes before the offset: if they are others, the file was emptied and written again. */
  before: Buffer;
  /** The file's number; undefined until it was seen. */
  inode: number | undefined;
  /** Whether a line begins at the offset; one that was passed over may still be under way there. */
  aligned: boolean;
  generation: number;
  dirty: boolean;
  /** The app has ended: a last line without a newline is a line too. */
  ended: boolean;
}

/** Begins at the start of a file that is not the one that was read. */
export function startOver(followed: Followed): void {
  followed.offset = 0;
  followed.before = Buffer.alloc(0);
  followed.aligned = true;
  followed.generation += 1;
}

/**
 * Starts over if the file was emptied, or another one is at its path. Returns whether another one is: the app then
 * writes on to the former one.
 */
export function noticeChange(
  followed: Followed,
  found: { readonly size: number; readonly ino: number },
): boolean {
  const replaced = followed.inode !== undefined && followed.inode !== found.ino;
  followed.inode = found.ino;
  if (followed.offset !== undefined && (replaced || found.size < followed.offset)) startOver(followed);
  return replaced;
}

/** The message about a file into which its app prints unseen from now on. */
export const lostFile = ({ id, path }: Followed, how: string): Error =>
  new Error(
    `${path} was ${how}: what app ${id} prints from now on is not in it; bunctl restart ${id} opens it again`,
  );

/** Skips the file's content because there was no listener, except for a line that is incomplete. */
export function passOver(followed: Followed, size: number): void {
  if (followed.offset !== size) followed.aligned = false;
  followed.offset = size;
  followed.before = Buffer.alloc(0);
  followed.dirty = false;
}

/** The bytes were read from the offset on, and the first `count` of them have been handed on. */
export function remember(followed: Followed, bytes: Buffer, count: number): void {
  const recent = bytes.subarray(Math.max(0, count - REMEMBERED), count);
  const older = followed.before.subarray(Math.max(0, followed.before.length + recent.length - REMEMBERED));
  followed.before = Buffer.concat([older, recent]);
}
