// Starts an app's process: its own session and group, its output into its own files, its mark in its environment.
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import type { AppConfig } from '../model/app-config.js';
import { userOf } from '../system/users.js';

/** Where an app's output goes, and where it begins. */
export interface OutputFiles {
  readonly stdout: string;
  readonly stderr: string;
}

export interface Spawned {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Sizes of the output files before the app wrote to them, in bytes. */
  readonly offsets: Readonly<Record<'stdout' | 'stderr', number>>;
}

/** Error texts as the original gives them. */
const ERRNO: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory (os error 2)',
  EACCES: 'Permission denied (os error 13)',
  EPERM: 'Operation not permitted (os error 1)',
  E2BIG: 'Argument list too long (os error 7)',
  EINVAL: 'Invalid argument (os error 22)',
  EAGAIN: 'Resource temporarily unavailable (os error 11)',
  ENOMEM: 'Cannot allocate memory (os error 12)',
  ENOSPC: 'No space left on device (os error 28)',
  ENOTDIR: 'Not a directory (os error 20)',
};

/** What an app is given beside what its configuration says. */
export interface SpawnSurroundings {
  /** The value of `BUNCTL_APP`, but for the process's number. */
  readonly mark: string;
  /**
   * Soft limit of open files; undefined for the daemon's own. Node raises its own to the hard limit, and programs
   * that were given a small one may rely on it.
   */
  readonly openFiles: number | undefined;
  /** The environment that its own is laid upon. */
  readonly base: NodeJS.ProcessEnv;
  /** Where the daemon listens. */
  readonly socket: string;
}

/**
 * Spawns an app.
 *
 * @throws {Error} its message as the original's, without the environment.
 */
export async function spawnApp(
  config: AppConfig,
  files: OutputFiles,
  around: SpawnSurroundings,
): Promise<Spawned> {
  const { cwd, env, user } = preparedFor(config, around);
  const opened: number[] = [];
  try {
    const [stdout, stderr] = [files.stdout, files.stderr].map((path) => {
      const fd = openSync(path, 'a', 0o600);
      opened.push(fd);
      return fd;
    }) as [number, number];
    const offsets = { stdout: fstatSync(stdout).size, stderr: fstatSync(stderr).size };
    checkCommand(config.command, cwd, env['PATH']);
    const [command, ...args] = asLeader([config.command, ...config.args], around.openFiles);
    const child = spawn(command as string, args, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', stdout, stderr],
      ...user.ids,
    });
    const pid = await new Promise<number>((done, fail) => {
      child.once('spawn', () => done(child.pid as number));
      child.once('error', fail);
    });
    child.on('error', () => undefined);
    return { child, pid, offsets };
  } catch (error) {
    throw failure(config, error);
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

/**
 * Checks that an app could be spawned now.
 *
 * @throws {Error} as {@link spawnApp}.
 */
export function checkSpawn(config: AppConfig, around: SpawnSurroundings): void {
  try {
    const { cwd, env } = preparedFor(config, around);
    checkCommand(config.command, cwd, env['PATH']);
  } catch (error) {
    throw failure(config, error);
  }
}

function preparedFor(config: AppConfig, { mark, base, socket }: SpawnSurroundings) {
  const cwd = config.cwd ?? process.cwd();
  const user = identityOf(config);
  const env: NodeJS.ProcessEnv = {
    ...withoutCallers(base),
    ...user.env,
    PWD: cwd,
    // What the app asks bunctl is asked of the daemon that runs it.
    BUNCTL_SOCKET: socket,
    ...config.env,
    BUNCTL_APP: mark,
  };
  return { cwd, env, user };
}

function failure(config: AppConfig, error: unknown): Error {
  const { message } = error as Error;
  // The original's words, and what they leave out.
  const which = message.includes('folder') ? `: ${message}` : '';
  return new Error(`Process spawn failed: ${config.command}: ${reason(error)}${which}`, { cause: error });
}

/**
 * As whom it runs: another user's process has his group too, unless another is given, and his name and home. With the
 * daemon's own group, root's for one, he could do what he is not meant to.
 */
function identityOf({ uid, gid }: AppConfig): {
  ids: { uid?: number; gid?: number };
  env: NodeJS.ProcessEnv;
} {
  if (uid === null) return { ids: gid === null ? {} : { gid }, env: {} };
  const user = userOf(uid);
  return {
    ids: { uid, gid: gid ?? user?.gid ?? uid },
    env: user ? { HOME: user.home, USER: user.name, LOGNAME: user.name } : {},
  };
}

/** An environment without what is true only of the process that had it. */
function withoutCallers(base: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(base).filter(([name]) => !/^(BUNCTL_.*|NODE_CHANNEL_.*|SHLVL|OLDPWD|_)$/.test(name)),
  );
}

/**
 * A shell that lowers the limit, writes its number into the mark and becomes the app: Node can neither set limits
 * of a child nor know its number before. The number tells the app from all that inherit its mark.
 */
function asLeader(command: readonly string[], openFiles: number | undefined): readonly string[] {
  if (process.platform === 'win32') return command;
  const script = 'BUNCTL_APP="$BUNCTL_APP:$$"; [ "$0" = - ] || ulimit -S -n "$0" 2>/dev/null; exec "$@"';
  return ['/bin/sh', '-c', script, openFiles === undefined ? '-' : String(openFiles), ...command];
}

// Behind the shell a command that is not there would be an app that exits with 127.
function checkCommand(command: string, cwd: string, path: string | undefined): void {
  const folder = statSync(cwd, { throwIfNoEntry: false });
  if (!folder) throw Object.assign(new Error(`the folder ${cwd} is not there`), { code: 'ENOENT' });
  if (!folder.isDirectory()) throw Object.assign(new Error(`${cwd} is not a folder`), { code: 'ENOTDIR' });
  if (process.platform === 'win32') return;
  const named = command.includes('/') || isAbsolute(command);
  const candidates = named
    ? [resolve(cwd, command)]
    : (path ?? '/usr/local/bin:/usr/bin:/bin')
        .split(delimiter)
        .map((folder) => join(resolve(cwd, folder), command));
  let code = 'ENOENT';
  for (const candidate of candidates) {
    let found: boolean;
    try {
      found = statSync(candidate).isFile();
    } catch (error) {
      // A folder of PATH that we may not look into, another user's for one, has nothing for us.
      if (named && (error as NodeJS.ErrnoException).code === 'EACCES') code = 'EACCES';
      continue;
    }
    try {
      accessSync(candidate, constants.X_OK);
      if (found) return;
    } catch {
      // It is there, and may not be run.
    }
    code = 'EACCES';
  }
  throw Object.assign(new Error(code), { code });
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ERR_INVALID_ARG_VALUE') return 'nul byte found in provided data';
  return (code === undefined ? undefined : ERRNO[code]) ?? code ?? message;
}
