// The apps that a daemon has left when it ended without a shutdown. They run until the next daemon adopts them.
import type { AppRecord } from '../model/app-record.js';
import { bootId } from '../system/processes.js';
import { readOwnFile } from './own-files.js';
import { stateDirectory, stateFiles } from './paths.js';
import { readRecords } from './record-files.js';

/**
 * The ids of the apps that the daemon of a socket left running, by its state directory. A daemon that shuts down
 * writes down the end of each app. They may have ended since. Apps of an earlier boot are not among them: they ended
 * with that boot.
 */
export function leftBehind(socketPath: string): string[] {
  const boot = bootId();
  return recordsOf(socketPath)
    .filter(({ process }) => process !== null && process.bootId === boot)
    .map(({ id }) => id);
}

/** The ids of all recorded apps. */
export function recorded(socketPath: string): string[] {
  return recordsOf(socketPath).map(({ id }) => id);
}

/** The socket path that the daemon of this state directory wrote down; undefined if it has not. */
export function listeningPath(socketPath: string): string | undefined {
  try {
    return readOwnFile(stateFiles(stateDirectory(socketPath)).socket).trim() || undefined;
  } catch {
    // The file does not exist, or it cannot be trusted.
    return undefined;
  }
}

function recordsOf(socketPath: string): AppRecord[] {
  try {
    return readRecords(stateFiles(stateDirectory(socketPath)).apps, () => undefined);
  } catch {
    // The directory does not exist, or it cannot be read.
    return [];
  }
}
