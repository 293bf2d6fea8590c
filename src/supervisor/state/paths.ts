// Where the process manager keeps its files: one state directory per daemon.
import { createHash } from 'node:crypto';
import { homedir, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { defaultSocketPath, unnamedSocketPaths } from '../../endpoint/default-path.js';
import { fileName } from '../model/file-name.js';
import { windowsPlaces } from '../../protocol/endpoints.js';
import { IpcError } from '../../protocol/errors.js';

/** What the rule looks at, given by the caller so that it can be tested. */
export interface StateSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home; throws when it is not known. */
  readonly home: () => string;
  /** Where a daemon without a named socket may listen. */
  readonly places: readonly string[];
  /** Default: this one. */
  readonly platform?: string;
}

const here = (): StateSurroundings => ({ env: process.env, home, places: unnamedSocketPaths() });

/** A user without an entry in passwd(5), as in many containers, has a home only if `HOME` says so. */
function home(): string {
  try {
    return homedir();
  } catch (cause) {
    throw new IpcError(
      'OPTION_INVALID',
      `The home directory of user ${process.getuid?.()} is not known, so there is no place for the state. Set BUNCTL_STATE_DIR to a directory of your own, or set HOME`,
      { cause },
    );
  }
}

/**
 * The state directory of the daemon on a socket. It is in `$BUNCTL_STATE_DIR`, else in `$XDG_STATE_HOME/bunctl`, else
 * in `~/.local/state/bunctl`; on Windows in `%LOCALAPPDATA%\bunctl`. Its name is `default` for all places where a daemon without a named socket may listen:
 * a terminal, cron and a new /run/user/UID find the same apps. For a named socket it is a hash of the path.
 *
 * @throws {IpcError} `OPTION_INVALID` when the home is needed and not known.
 */
export function stateDirectory(
  socketPath: string,
  { env, home, places, platform = process.platform }: StateSurroundings = here(),
): string {
  const windows = platform === 'win32' ? windowsPlaces({ env, tmpdir: tmpdir() }).bunctl : undefined;
  const base = env['BUNCTL_STATE_DIR'] || windows || join(stateHome(env, home), 'bunctl');
  const name = places.includes(socketPath)
    ? 'default'
    : createHash('sha256').update(socketPath).digest('hex').slice(0, 16);
  return join(resolve(base), name);
}

/** The variables of places that are relative to this process's folder, made absolute for a daemon that runs in another one. */
export function absoluteVariables(): Record<string, string> {
  const state = process.env['BUNCTL_STATE_DIR'];
  return {
    ...(process.env['BUNCTL_SOCKET'] ? { BUNCTL_SOCKET: defaultSocketPath() } : {}),
    ...(state ? { BUNCTL_STATE_DIR: resolve(state) } : {}),
  };
}

function stateHome(env: StateSurroundings['env'], home: () => string): string {
  const xdg = env['XDG_STATE_HOME'];
  // A relative value is invalid by the XDG base directory specification.
  return xdg?.startsWith('/') ? xdg : join(home(), '.local', 'state');
}

/** One of an app's two output streams. */
export type Stream = 'stdout' | 'stderr';

/** The name of the keeper's socket in its state directory. */
export const KEEPER_SOCKET = 'keeper';

/** The files of a state directory. */
export function stateFiles(directory: string) {
  const log = (id: string): string => join(directory, 'logs', `${fileName(id)}.all.log`);
  const rawLog = (id: string, stream: Stream): string => join(directory, 'logs', logName(id, stream));
  const rawLogs = (id: string): Record<Stream, string> => ({
    stdout: rawLog(id, 'stdout'),
    stderr: rawLog(id, 'stderr'),
  });
  return {
    apps: join(directory, 'apps'),
    app: (id: string) => join(directory, 'apps', `${fileName(id)}.json`),
    logs: join(directory, 'logs'),
    /** Both streams of an app, in the order of printing. The name goes on after the id, so that even the id `..` is a plain file name. */
    log,
    /** The output of one stream as the app printed it: with `log_format` raw, and where there are no FIFOs. */
    rawLog,
    /** The log of each stream: one for both, unless they are raw. */
    streamLogs: (id: string, raw: boolean): Record<Stream, string> =>
      raw ? rawLogs(id) : { stdout: log(id), stderr: log(id) },
    /** Every log that an app may have: of both streams, of stdout, of stderr. */
    everyLog: (id: string): [string, string, string] => [log(id), rawLog(id, 'stdout'), rawLog(id, 'stderr')],
    daemonLog: join(directory, 'daemon.log'),
    pipes: join(directory, 'pipes'),
    /** The FIFO through which an app prints on one of its streams. */
    pipe: (id: string, stream: Stream) =>
      join(directory, 'pipes', `${id}.${stream === 'stdout' ? 'out' : 'err'}`),
    /** How much of a log could not be written and is not told in it yet. It lives as long as the FIFOs of its app. */
    unwritten: (log: string) => join(directory, 'pipes', `${basename(log)}.unwritten`),
    /** The files that apps hold while they run, where there are no groups. */
    held: join(directory, 'held'),
    /** The socket of the keeper. */
    keeper: join(directory, KEEPER_SOCKET),
    /** Why the daemon is not started again any more, in a sentence; not there when it would be. */
    givenUp: join(directory, 'given-up'),
    /** Why a keeper was replaced, in a sentence. */
    keeperReplaced: join(directory, 'keeper-replaced'),
    /** The path of the socket on which its daemon listens, or listened last. */
    socket: join(directory, 'socket'),
    /** The file whose lock makes one daemon the owner of the directory. */
    lock: join(directory, 'lock'),
  };
}

export function logName(id: string, stream: Stream): string {
  return `${fileName(id)}.${stream === 'stdout' ? 'out' : 'err'}.log`;
}
