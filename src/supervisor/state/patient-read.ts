// Reads a file again when the system failed to read it, and tells such a failure from one that is about the file.
import { setTimeout as sleep } from 'node:timers/promises';
import { readOwnFile } from './own-files.js';

/** It is a link, a folder or a socket, or we may not read it. Systems have different words for a link. */
const ABOUT_THE_FILE = new Set(['ELOOP', 'EMLINK', 'EFTYPE', 'EISDIR', 'ENXIO', 'EACCES', 'EPERM', 'ENOENT']);
/** The waits between the tries, in ms. */
const WAITS = [50, 200, 500];

/** The calls of this package and of Node, unless a test gives others. */
export interface Reading {
  readonly read: (path: string) => Promise<string>;
  readonly sleep: (ms: number) => Promise<unknown>;
}

const own: Reading = { read: readOwnFile, sleep };

/**
 * Whether the system failed, such as for a broken disk, a lost file server or want of descriptors. This says nothing
 * about what is in the file.
 */
export function isOfTheSystem(error: unknown): boolean {
  const { errno, code = '' } = error as NodeJS.ErrnoException;
  return typeof errno === 'number' && !ABOUT_THE_FILE.has(code);
}

/**
 * Reads a file of the state as {@link readOwnFile}, four times within a second if the system fails.
 *
 * @throws {Error} saying why the file is not read.
 */
export async function readPatiently(path: string, around: Reading = own): Promise<string> {
  for (const wait of WAITS) {
    try {
      return await around.read(path);
    } catch (error) {
      if (!isOfTheSystem(error)) throw error;
    }
    await around.sleep(wait);
  }
  return around.read(path);
}
