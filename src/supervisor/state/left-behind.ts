// The apps that a daemon has left when it ended without a shutdown. They run until the next daemon adopts them.
import type { AppRecord } from '../model/app-record.js';
import { isElsewhere } from '../system/place.js';
import { mayRunHere, type ProcessIdentity } from '../system/processes.js';
import { readOwnFile } from './own-files.js';
import { stateDirectory, stateFiles } from './paths.js';
import { readRecords } from './record-files.js';

/**
 * The ids of the apps that the daemon of a socket left running, by its state directory. A daemon that shuts down
 * writes down the end of each app. They may have ended since. Apps of an earlier boot are not among them: they ended
 * with that boot. Nor are those of another machine, which cannot be looked after from here.
 */
export async function leftBehind(socketPath: string): Promise<string[]> {
  return idsAt(await recordsOf(socketPath), mayRunHere);
}

/** The ids of the apps that last ran on another machine or in another container, and may still run there. */
export async function leftElsewhere(socketPath: string): Promise<{ ids: string[]; hosts: string[] }> {
  const records = await recordsOf(socketPath);
  const hosts = records.flatMap(({ process }) =>
    process !== null && isElsewhere(process) ? (process.host ?? []) : [],
  );
  return { ids: idsAt(records, isElsewhere), hosts: [...new Set(hosts)] };
}

function idsAt(records: readonly AppRecord[], isAt: (process: ProcessIdentity) => boolean): string[] {
  return records.filter(({ process }) => process !== null && isAt(process)).map(({ id }) => id);
}

/** The ids of all recorded apps. */
export async function recorded(socketPath: string): Promise<string[]> {
  return (await recordsOf(socketPath)).map(({ id }) => id);
}

/** The socket path that the daemon of this state directory wrote down; undefined if it has not. */
export async function listeningPath(socketPath: string): Promise<string | undefined> {
  try {
    return (await readOwnFile(stateFiles(stateDirectory(socketPath)).socket)).trim() || undefined;
  } catch {
    // The file does not exist, or it cannot be trusted.
    return undefined;
  }
}

/** Why the daemon of a socket was not started again when it died, as a sentence; undefined if it was, or was not needed. */
export async function givenUp(socketPath: string): Promise<string | undefined> {
  try {
    return (await readOwnFile(stateFiles(stateDirectory(socketPath)).givenUp)).trim();
  } catch {
    return undefined;
  }
}

async function recordsOf(socketPath: string): Promise<AppRecord[]> {
  try {
    return await readRecords(stateFiles(stateDirectory(socketPath)).apps, () => undefined);
  } catch {
    // The directory does not exist, or it cannot be read.
    return [];
  }
}
