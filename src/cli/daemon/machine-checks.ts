// The problems that `doctor` looks for in the machine, the user and the folders, each as a sentence that says what to do.
import { accessSync, constants, lstatSync, readdirSync, type Stats, statfsSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stateFiles } from '../../supervisor/state/paths.js';
import { findPrlimit, givenOpenFiles, openFilesOf } from '../../supervisor/system/open-files.js';
import { isDead } from '../../supervisor/system/stat.js';
import { system } from '../../supervisor/system/system.js';
import { nodeProblems, onWindows } from '../terminal/system-words.js';

/** Less free space than this, in bytes, is a problem: logs and records could not be written soon. */
const LEAST_SPACE = 32 * 1024 * 1024;
/** How far, in ms, a file may lie in the future before the clock is in doubt. */
const CLOCK_TOLERANCE = 24 * 3600 * 1000;
/** A clock before this is wrong: this program did not exist then. */
const EARLIEST = Date.UTC(2025, 0, 1);

const posix = !onWindows;

/** Problems of the machine and of the user. */
export function machineProblems(): string[] {
  return [
    ...attempt(
      () => process.cwd(),
      () => 'The current folder no longer exists, so nothing can be started here; cd to another one.',
    ),
    ...(posix
      ? attempt(
          () => accessSync('/bin/sh', constants.X_OK),
          () =>
            'There is no /bin/sh that can be executed; npm scripts and shell scripts will fail. Install a shell.',
        )
      : []),
    ...attempt(userInfo, () => {
      const uid = process.getuid?.();
      const home = process.env['HOME'] ? '' : ', and HOME is not set: set it to a folder of this user';
      return `User ${uid} has no entry in /etc/passwd${home}. Programs that ask for the user's name or home will fail; add an entry.`;
    }),
    ...nodeProblems(process.versions.node),
    ...(Date.now() < EARLIEST ? [`The clock says ${new Date().toISOString()}; set it.`] : []),
  ];
}

/** What happens without an init in a container, and what to do. */
export const NO_INIT =
  'which does not reap orphans: they stay zombies when they end. Put an init in front: docker run --init, or tini.';

/** How long, in ms, an ended process may wait for process 1 to reap it; and how many may wait. */
const REAPED_WITHIN = 1000;
const MAY_WAIT = 10;

/** Ended processes that process 1 does not reap, as in a container whose process 1 is not an init. */
export async function orphanProblems(): Promise<string[]> {
  const zombies = zombiesOfInit();
  if (zombies.length <= MAY_WAIT) return [];
  await sleep(REAPED_WITHIN);
  const still = zombiesOfInit().filter((pid) => zombies.includes(pid));
  if (still.length <= MAY_WAIT) return [];
  return [`Process 1 has ${still.length} ended children, ${NO_INIT}`];
}

function zombiesOfInit(): number[] {
  return [...system.allStats()].filter(([, stat]) => stat.parent === 1 && isDead(stat)).map(([pid]) => pid);
}

/** The limit of open files that apps get, if it is not that of the caller because nothing can set it. */
export async function limitProblems(path = process.env['PATH']): Promise<string[]> {
  let given: number | undefined;
  try {
    given = givenOpenFiles(process.env['BUNCTL_OPEN_FILES']);
  } catch (error) {
    return [(error as Error).message];
  }
  const own = openFilesOf('self');
  if (given === undefined || own === undefined || given === own.soft) return [];
  if ((await findPrlimit(path)) !== undefined) return [];
  return [
    `prlimit is not installed, so apps get a limit of ${own.soft} open files instead of ${given}: Node has raised it. Install util-linux.`,
  ];
}

/** Problems of the folders that a daemon needs: for its state and for its socket. */
export function folderProblems(state: string, socket: string): string[] {
  const files = stateFiles(state);
  const remedy = 'Set BUNCTL_STATE_DIR to a folder of your own.';
  return [
    ...[state, files.apps, files.logs].flatMap((folder) => {
      const problem = whyUnusable(folder);
      return problem === undefined ? [] : [`The state cannot be kept in ${folder}: ${problem}. ${remedy}`];
    }),
    ...(posix ? socketFolderProblems(dirname(socket)) : []),
    ...spaceProblems(state),
    ...clockProblems(files.daemonLog),
    ...badRecords(files.apps),
  ].filter((problem, index, all) => all.indexOf(problem) === index);
}

function socketFolderProblems(folder: string): string[] {
  const problem = whyUnusable(folder);
  return problem === undefined
    ? []
    : [`The socket cannot be in ${folder}: ${problem}. Set XDG_RUNTIME_DIR or BUNCTL_SOCKET.`];
}

/** Runs a check; a failure is a problem. */
function attempt(check: () => unknown, problem: () => string): string[] {
  try {
    check();
    return [];
  } catch {
    return [problem()];
  }
}

/** Why a folder, or the one in which it would be created, cannot be used; undefined if it can. */
function whyUnusable(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    let stat: Stats;
    try {
      stat = statSync(at);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' && isLink(at)) return `${at} is a symbolic link to something that does not exist`;
      if ((code === 'ENOENT' || code === 'ENOTDIR') && at !== dirname(at)) continue;
      return message;
    }
    if (!stat.isDirectory()) return `${at} is not a folder`;
    if (at === folder && foreign(stat)) return `it belongs to user ${stat.uid}, not to you`;
    if (at !== folder && foreign(stat) && (stat.mode & 0o1002) === 0 && process.getuid?.() === 0)
      return `${at} belongs to user ${stat.uid}, not to you`;
    // A mode means nothing on Windows.
    if (posix && at === folder && (stat.mode & 0o022) !== 0 && (stat.mode & 0o1000) === 0)
      return `others can write to it (mode ${(stat.mode & 0o777).toString(8)}): chmod 700 ${at}`;
    return attempt(
      () => accessSync(at, constants.R_OK | constants.W_OK | constants.X_OK),
      () => `${at} cannot be written to`,
    )[0];
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** Whether something belongs to another user than this one or root. */
function foreign({ uid }: Stats): boolean {
  const own = process.getuid?.();
  return own !== undefined && uid !== own && uid !== 0;
}

function spaceProblems(folder: string): string[] {
  for (let at = folder; ; at = dirname(at)) {
    try {
      const { bavail, bsize, files, ffree } = statfsSync(at);
      const free = bavail * bsize;
      if (free < LEAST_SPACE)
        return [`The disk of ${at} is full (${Math.floor(free / 1024 ** 2)} MB free); free some space.`];
      return files > 0 && ffree === 0 ? [`The disk of ${at} has no inodes left; remove some files.`] : [];
    } catch {
      if (at === dirname(at)) return [];
    }
  }
}

/** A log from the future: the clock was set back, or was wrong when the daemon wrote it. */
function clockProblems(log: string): string[] {
  let ahead: number;
  try {
    ahead = lstatSync(log).mtimeMs - Date.now();
  } catch {
    // No log yet, or a folder that is reported by itself.
    return [];
  }
  if (ahead < CLOCK_TOLERANCE) return [];
  return [`${log} was written ${Math.round(ahead / 3_600_000)} hours in the future: check the clock.`];
}

/** Records that a daemon could not read. */
function badRecords(folder: string): string[] {
  let names: string[] = [];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.bad'));
  } catch {
    // A folder that cannot be read is reported by itself.
  }
  return names.map(
    (name) =>
      `${join(folder, name)} is not a record of an app and was put aside: its app may still be running, unknown to the daemon.`,
  );
}
