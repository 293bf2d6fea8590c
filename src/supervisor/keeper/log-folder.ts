// What a log finds on disk: its file, the files that were put aside, and an unfinished last line.
import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  readdirSync,
  readSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { LogSettings } from '../model/keeper-messages.js';
import { openOwn } from './own-file.js';
import { inOrder, isPart, partOf, type Segment, segmentNamed } from '../logs/segments.js';

/** How far back the beginning of an unfinished line is looked for, in bytes. */
const LOOK_BACK = 512 * 1024;
const NEWLINE = 0x0a;

/**
 * Opens the file of a log, or makes it, to append to it.
 *
 * @param more More flags.
 */
export function openLog(path: string, more: number): number {
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | more;
  const writeOnly = (flags & ~constants.O_RDWR) | constants.O_WRONLY;
  let fd: number;
  try {
    fd = openOwn(path, flags);
  } catch (error) {
    // Something that cannot be read, such as a full device in its place.
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    return openOwn(path, writeOnly);
  }
  if (!fstatSync(fd).isFIFO()) return fd;
  // With both ends open it would take what nobody reads.
  closeSync(fd);
  return openOwn(path, writeOnly);
}

/**
 * Gives a log to the user of its app, who reads it. The app itself opens /dev/stdout by the rights of the FIFO. Returns the end
 * of a sentence if that cannot be done, as on a file system without owners: what is printed is kept all the same.
 */
export function giveToOwner(fd: number, found: Stats, owner: LogSettings['owner']): string | undefined {
  if (process.getuid?.() !== 0 || !found.isFile()) return undefined;
  const { uid, gid } = owner ?? { uid: 0, gid: 0 };
  if (found.uid === uid) return undefined;
  try {
    fchownSync(fd, uid, gid);
    return undefined;
  } catch (error) {
    return `cannot be given to user ${uid}: ${(error as Error).message}`;
  }
}

/** The time in the name of the newest file of a log that was put aside, in ms since the epoch; 0 without one. */
export function newestAside(path: string): number {
  return putAside(path).at(-1)?.until ?? 0;
}

/** Removes the oldest files of a log that were put aside; keeps this many. */
export function removeOldest(path: string, keep: number): void {
  const all = putAside(path);
  for (const each of all.slice(0, Math.max(0, all.length - keep))) {
    remove(each.path);
    // While it is compressed it is there twice, and what a killed keeper had compressed of it stays.
    remove(`${each.path}.gz`);
    remove(partOf(each.path));
  }
}

/** Removes what a killed keeper has left half compressed, of all logs. Nothing may be compressed meanwhile. */
export function removeParts(folder: string): void {
  try {
    for (const name of readdirSync(folder)) if (isPart(name)) remove(join(folder, name));
  } catch {
    // The folder is gone, and so are the files.
  }
}

/** Removes all files of a log. */
export function removeLog(path: string): void {
  removeOldest(path, 0);
  remove(path);
}

/** The beginning of the last line of a file when that line has no end; empty when it has one, or cannot be read. */
export function unfinishedLine(fd: number, size: number): Buffer {
  const end = Buffer.alloc(Math.min(size, LOOK_BACK));
  try {
    const length = readSync(fd, end, 0, end.length, size - end.length);
    return end.subarray(end.lastIndexOf(NEWLINE, length - 1) + 1, length);
  } catch {
    return end.subarray(0, 0);
  }
}

/** The files of a log that were put aside, the oldest first. */
export function putAside(path: string): Segment[] {
  try {
    const segments = readdirSync(dirname(path)).flatMap((name) => segmentNamed(path, name) ?? []);
    return inOrder(segments).filter(({ until }) => until !== undefined);
  } catch {
    // The folder is gone, and so are the files.
    return [];
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone, or stays.
  }
}
