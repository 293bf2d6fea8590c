// The files that hold an app's output: opened for its next run, and removed with it.
import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rm, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decodeUnwritten } from '../../model/unwritten.js';
import { partOf, segmentsOf } from '../../logs/segments.js';
import type { Owner } from '../../model/owner.js';
import type { Stream } from '../../state/paths.js';
import { prepareStateDirectory } from '../../state/own-files.js';

export type OutputPaths = Readonly<Record<Stream, string>>;

/** Open output files. */
export interface OutputFiles {
  readonly stdout: FileHandle;
  readonly stderr: FileHandle;
  /** Sizes in bytes before the app writes to them. */
  readonly offsets: Readonly<Record<Stream, number>>;
}

/**
 * Opens the files of an app for appending, and makes them and their folder if they are not there.
 *
 * @param owner The app's user and group, if it runs as another user than ours. An app opens /dev/stdout by the rights
 *   of the file, which only its owner may open.
 * @throws {Error} that names the file.
 */
export async function openOutput(paths: OutputPaths, owner: Owner | undefined): Promise<OutputFiles> {
  const opened: FileHandle[] = [];
  const openOne = async (path: string): Promise<FileHandle> => {
    const file = await openAppending(path);
    opened.push(file);
    const { uid, gid } = owner ?? { uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 };
    const found = await file.stat();
    if (found.isFile() && found.uid !== uid && process.getuid?.() === 0) await file.chown(uid, gid);
    return file;
  };
  try {
    const stdout = await openOne(paths.stdout);
    const stderr = await openOne(paths.stderr);
    const [out, err] = [await stdout.stat(), await stderr.stat()];
    return { stdout, stderr, offsets: { stdout: out.size, stderr: err.size } };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/**
 * Checks that the files can be opened, and changes nothing of files that are there.
 *
 * @throws {Error} that names the file.
 */
export async function checkOutput({ stdout, stderr }: OutputPaths): Promise<void> {
  for (const path of [stdout, stderr]) await (await openAppending(path)).close();
}

/** Without waiting for a reader, should somebody have put a pipe there. The app's descriptor is a blocking one again. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

async function openAppending(path: string): Promise<FileHandle> {
  const append = (): Promise<FileHandle> => open(path, APPEND, 0o600);
  try {
    return await append().catch(async (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      await prepareStateDirectory(dirname(path));
      return append();
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw Object.assign(new Error(message), { code, detail: `its log file ${path} cannot be opened` });
  }
}

/** Closes files, whatever becomes of each. */
export async function closeAll(files: readonly (FileHandle | undefined)[]): Promise<void> {
  await Promise.allSettled(files.flatMap((file) => file?.close() ?? []));
}

/**
 * Empties the files that an app prints straight into, and removes what a keeper has written.
 *
 * @param kept The file of the keeper.
 */
export async function emptyLogs(plain: readonly string[], kept: string): Promise<void> {
  for (const path of [...plain, kept])
    for (const each of await segmentsOf(path))
      if (plain.includes(each.path)) await emptyFile(each.path);
      else
        // While it is compressed it is there twice, and what a killed keeper had compressed of it stays.
        for (const file of [each.path, `${each.path}.gz`, partOf(each.path)]) await rm(file, { force: true });
}

async function emptyFile(path: string): Promise<void> {
  await truncate(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
}

/** Removes a file that holds nothing. */
export async function removeIfEmpty(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() && found.size === 0) await rm(path, { force: true });
}

/** Removes the count of what a log lacks, unless the log is still to say it. */
export async function removeIfTold(path: string): Promise<void> {
  const count = await readFile(path, 'utf8').catch(() => '');
  if (decodeUnwritten(count).bytes === 0) await rm(path, { force: true });
}
