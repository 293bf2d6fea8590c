// What a daemon that ended without a shutdown has left: apps that run, and wait for the next one to adopt them.
import { readFileSync } from 'node:fs';
import { stateDirectory, stateFiles } from './paths.js';
import { bootId } from '../system/processes.js';
import type { AppRecord } from '../model/app-record.js';
import { readRecords } from './store.js';

/**
 * The ids of the apps that were left running by the daemon of a socket, by its state directory: a daemon that ends
 * in good order writes down the end of each. They may have ended since. Of a former boot there are none: those
 * have not been left by a daemon.
 */
export function leftBehind(socketPath: string): string[] {
  const boot = bootId();
  return records(stateFiles(stateDirectory(socketPath)).apps)
    .filter(({ process }) => process !== null && process.bootId === boot)
    .map(({ id }) => id);
}

/** The ids of all apps of which there is a record. */
export function recorded(socketPath: string): string[] {
  return records(stateFiles(stateDirectory(socketPath)).apps).map(({ id }) => id);
}

/** Where the daemon of a socket's state directory has written down that it listens; undefined when it has not. */
export function listeningPath(socketPath: string): string | undefined {
  try {
    return readFileSync(stateFiles(stateDirectory(socketPath)).socket, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

function records(directory: string): AppRecord[] {
  try {
    return readRecords(directory, () => undefined);
  } catch {
    // There is no such directory, or it is not ours to read.
    return [];
  }
}
