// The FIFOs through which an app prints: made before its run, held open while it runs, and found again when somebody removed them.
import { execFile } from 'node:child_process';
import { constants, type Stats } from 'node:fs';
import { chown, type FileHandle, lstat, open, readdir, readlink, rm, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import type { Owner } from '../../model/owner.js';
import type { stateFiles, Stream } from '../../state/paths.js';

export const STREAMS = ['stdout', 'stderr'] as const;

type Files = ReturnType<typeof stateFiles>;

/** How long, in ms, mkfifo may take. */
const FIFO_PATIENCE = 5000;
const PROGRAMS = '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin';
const run = promisify(execFile);

/** Both ends: an app that has both never gets SIGPIPE, whatever of ours dies, and opening waits for nobody. */
const BOTH_ENDS = constants.O_RDWR | constants.O_NONBLOCK;

/** Makes a FIFO, or takes the one that is there. Node has no call for it. */
export async function makeFifo(path: string, owner: Owner | undefined): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found !== undefined && !found.isFIFO()) await rm(path, { recursive: true, force: true });
  if (!found?.isFIFO())
    await run('mkfifo', ['-m', '600', path], { env: { PATH: PROGRAMS }, timeout: FIFO_PATIENCE });
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = owner ?? { uid: 0, gid: 0 };
  if (found?.uid !== uid || found.gid !== gid) await chown(path, uid, gid);
}

/** Opens both FIFOs of an app. @throws The error of open(2). */
export async function openFifos(files: Files, id: string): Promise<readonly [FileHandle, FileHandle]> {
  const openOne = (stream: Stream): Promise<FileHandle> =>
    open(files.pipe(id, stream), BOTH_ENDS | constants.O_NOFOLLOW);
  const stdout = await openOne('stdout');
  try {
    return [stdout, await openOne('stderr')];
  } catch (error) {
    await stdout.close();
    throw error;
  }
}

/**
 * Opens the FIFO that the processes of an app have open. It opens the path; if the FIFO was removed, renamed or made
 * anew, it goes through a process that has it open (Linux). Undefined when there is none: nobody can print into it any
 * more.
 *
 * @param leader The number of the app's process, if that runs.
 * @param processes The numbers of all processes of the app; asked only when the FIFO is not at its path.
 */
export async function findFifo(
  path: string,
  leader: number | undefined,
  processes: () => Promise<readonly number[]>,
): Promise<FileHandle | undefined> {
  const there = await lstat(path).catch(() => undefined);
  const own = leader === undefined ? undefined : await fifoOf(leader, path, there);
  if (own !== undefined) return openFifo(own);
  if (there?.isFIFO()) return open(path, BOTH_ENDS | constants.O_NOFOLLOW);
  for (const pid of await processes()) {
    const found = await fifoOf(pid, path, undefined);
    if (found !== undefined) return openFifo(found);
  }
  return undefined;
}

/**
 * Where another process of ours finds a FIFO: at its path, or else through this process, which holds it (Linux). Undefined
 * when it is at neither.
 */
export async function wayTo(path: string, held: FileHandle | undefined): Promise<string | undefined> {
  const there = await lstat(path).catch(() => undefined);
  if (held === undefined) return there && path;
  if (isSame(await held.stat(), there) || process.platform !== 'linux') return path;
  return `/proc/${process.pid}/fd/${held.fd}`;
}

/** How many descriptors of a process are looked at. */
const MOST_DESCRIPTORS = 4096;

/** The way to the FIFO with this name that a process has open; undefined if it has none, or the one that is `there`. */
async function fifoOf(pid: number, path: string, there: Stats | undefined): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  const folder = `/proc/${pid}/fd`;
  const descriptors = (await readdir(folder).catch(() => [])).slice(0, MOST_DESCRIPTORS);
  let other: string | undefined;
  for (const descriptor of descriptors) {
    const way = `${folder}/${descriptor}`;
    const target = await readlink(way).catch(() => '');
    if (basename(target.replace(/ \(deleted\)$/, '')) !== basename(path)) continue;
    const found = await stat(way).catch(() => undefined);
    if (isSame(found, there)) return undefined;
    if (found?.isFIFO()) other ??= way;
  }
  return other;
}

async function openFifo(way: string): Promise<FileHandle> {
  const file = await open(way, BOTH_ENDS);
  if ((await file.stat()).isFIFO()) return file;
  // The process has ended, and its number or its descriptor is another's.
  await file.close();
  throw new Error(`${way} is not a FIFO any more`);
}

function isSame(one: Stats | undefined, other: Stats | undefined): boolean {
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev;
}
