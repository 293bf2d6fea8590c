// Starts an app's process: in its own session and group, with its output in its own files, and nothing between us and it.
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import type { AppConfig } from '../../model/app-config.js';
import { system } from '../../system/system.js';
import { appEnvironment } from './environment.js';
import type { LookUps } from './look-up.js';
import type { OpenOutput } from '../output/app-output.js';
import { closeAll } from '../output/output-files.js';
import { type Owner, ownerOf } from '../../model/owner.js';
import { appUser } from './app-user.js';
import { checkIds, checkSizes } from './permitted.js';
import { checkProgram, problem } from './program.js';
import type { HeldByRun } from '../windows/app-files.js';
import { type WindowsProgram, windowsProgram } from '../windows/program.js';

export interface Spawned {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly offsets: OpenOutput['offsets'];
  /** The file that it holds, where there are no groups. */
  readonly held: string | undefined;
}

/** How the soft limit of open files is set for an app. */
export interface SoftLimit {
  /** See prlimit(1): it sets the limit and becomes the app, and changes nothing else. */
  readonly prlimit: string;
  readonly openFiles: number;
}

/** The settings of an app that are not in its configuration. */
export interface SpawnSurroundings {
  readonly mark: string;
  /** Undefined for the daemon's own limit. */
  readonly limit: SoftLimit | undefined;
  /** The environment of the caller that started the app. */
  readonly base: NodeJS.ProcessEnv;
  /** The path on which the daemon listens. */
  readonly socket: string;
  readonly lookUps: LookUps;
}

/** Error texts as the original gives them. */
const ERRNO: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory (os error 2)',
  ENOEXEC: 'Exec format error (os error 8)',
  EACCES: 'Permission denied (os error 13)',
  EPERM: 'Operation not permitted (os error 1)',
  E2BIG: 'Argument list too long (os error 7)',
  EINVAL: 'Invalid argument (os error 22)',
  EAGAIN: 'Resource temporarily unavailable (os error 11)',
  ENOMEM: 'Cannot allocate memory (os error 12)',
  ENOSPC: 'No space left on device (os error 28)',
  ENAMETOOLONG: 'File name too long (os error 36)',
  ENOTDIR: 'Not a directory (os error 20)',
  EROFS: 'Read-only file system (os error 30)',
  EMFILE: 'Too many open files (os error 24)',
  ELOOP: 'Too many levels of symbolic links (os error 40)',
  ETIMEDOUT: 'Connection timed out (os error 110)',
};

/**
 * Spawns an app.
 *
 * @param openOutput Opens what it prints to.
 * @param hold Holds the file that tells of its life; undefined where a group does.
 * @throws {Error} with a message that begins as the original's and names the cause. It never shows the environment.
 */
export async function spawnApp(
  config: AppConfig,
  openOutput: (owner: Owner | undefined) => Promise<OpenOutput>,
  hold: () => Promise<HeldByRun | undefined>,
  around: SpawnSurroundings,
): Promise<Spawned> {
  try {
    const windows = await check(config, around);
    const { cwd, env, ids, owner } = await prepare(config, around);
    const { stdout, stderr, offsets } = await openOutput(owner);
    let held: HeldByRun | undefined;
    try {
      held = await hold();
      const [command, args] = windows ? [windows.command, windows.args] : withLimit(config, around.limit);
      const child = spawn(command, args, {
        cwd,
        env,
        detached: true,
        stdio: windows
          ? windowsDescriptors(windows, stdout.fd, stderr.fd, held)
          : ['ignore', stdout.fd, stderr.fd],
        ...(windows ? { windowsHide: true, windowsVerbatimArguments: windows.verbatim } : ids),
      });
      const pid = await new Promise<number>((resolve, reject) => {
        child.once('spawn', () => resolve(child.pid as number));
        child.once('error', reject);
      });
      // Also when a write to the stdin or the channel of one that has ended fails.
      child.on('error', () => undefined);
      child.stdin?.on('error', () => undefined);
      return { child, pid, offsets, held: held?.path };
    } finally {
      held?.handOver();
      await closeAll([stdout, stderr]);
    }
  } catch (error) {
    throw failure(config, error);
  }
}

/**
 * Checks that an app could be spawned now.
 *
 * @param checkOutput Checks its output; undefined for an app that has none yet, so that none is made.
 * @throws {Error} as {@link spawnApp}.
 */
export async function checkSpawn(
  config: AppConfig,
  checkOutput: (() => Promise<void>) | undefined,
  around: SpawnSurroundings,
): Promise<void> {
  try {
    await check(config, around);
    await checkOutput?.();
  } catch (error) {
    throw failure(config, error);
  }
}

/** The means of asking an app to end: for Node its channel, for any other program the end of its stdin. */
function windowsDescriptors(
  { isNode }: WindowsProgram,
  stdout: number,
  stderr: number,
  held: HeldByRun | undefined,
): StdioOptions {
  return [
    isNode ? 'ignore' : 'pipe',
    stdout,
    stderr,
    held?.fd ?? 'ignore',
    ...(isNode ? ['ipc' as const] : []),
  ];
}

/** Returns how the program is run on Windows; undefined elsewhere, where it is run as it was named. */
async function check(config: AppConfig, around: SpawnSurroundings): Promise<WindowsProgram | undefined> {
  if (!system.tellsGroups) return checkWindows(config, around);
  const { cwd, env, owner } = await prepare(config, around);
  const { command, args } = config;
  checkIds(config);
  checkSizes(command, args, env);
  await around.lookUps.run(`the folder ${cwd} or the program ${command}`, () =>
    checkProgram({ command, cwd, path: env['PATH'], user: owner }),
  );
  return undefined;
}

async function checkWindows(config: AppConfig, around: SpawnSurroundings): Promise<WindowsProgram> {
  const { command, args, uid, gid } = config;
  if (uid !== null || gid !== null)
    throw problem('EPERM', 'Windows cannot start an app as another user; leave out its uid and gid');
  const { cwd, env } = await prepare(config, around);
  return around.lookUps.run(`the folder ${cwd} or the program ${command}`, () =>
    windowsProgram({ command, args, cwd, env }),
  );
}

/** Another user's process has that user's name, home and group. */
async function prepare(config: AppConfig, { base, socket, mark }: SpawnSurroundings) {
  const cwd = config.cwd ?? ownFolder();
  const user = await appUser(config);
  const env = appEnvironment({ config, base, user, cwd, socket, mark });
  const owner = ownerOf(config, user);
  return { cwd, env, ids: owner ?? (config.gid === null ? {} : { gid: config.gid }), owner };
}

function ownFolder(): string {
  try {
    return process.cwd();
  } catch {
    throw problem(
      'ENOENT',
      'the folder of the daemon is not there any more, and the app names none of its own',
    );
  }
}

function withLimit({ command, args }: AppConfig, limit: SoftLimit | undefined): [string, string[]] {
  if (limit === undefined) return [command, args];
  return [limit.prlimit, [`--nofile=${limit.openFiles}:`, '--', command, ...args]];
}

function failure({ command }: AppConfig, error: unknown): Error {
  const { code, message, detail } = error as NodeJS.ErrnoException & { detail?: string };
  const why = code === 'ETIMEDOUT' ? message : detail;
  return new Error(`Process spawn failed: ${command}: ${reason(code, message)}${why ? `: ${why}` : ''}`, {
    cause: error,
  });
}

function reason(code: string | undefined, message: string): string {
  if (code === 'ERR_INVALID_ARG_VALUE') return 'nul byte found in provided data';
  return (code === undefined ? undefined : ERRNO[code]) ?? code ?? message;
}
