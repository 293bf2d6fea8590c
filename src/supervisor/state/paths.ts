// Where the process manager keeps things: one state directory per daemon, and the files in it.
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { unnamedSocketPaths } from '../../endpoint/default-path.js';

/** What the rule looks at, so that it can be tested. */
export interface StateSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Where a daemon may listen that was given no path. */
  readonly places: readonly string[];
}

const here = (): StateSurroundings => ({ env: process.env, home: homedir(), places: unnamedSocketPaths() });

/**
 * The state directory of the daemon on a socket: in `$BUNCTL_STATE_DIR`, else `$XDG_STATE_HOME/bunctl`, else
 * `~/.local/state/bunctl`, the directory `default` for all places of the rule, so that apps are the same from a
 * terminal, from cron and after /run/user/UID was made anew; for a path that was named one named by its hash.
 */
export function stateDirectory(
  socketPath: string,
  { env, home, places }: StateSurroundings = here(),
): string {
  const xdg = env['XDG_STATE_HOME'];
  const base =
    env['BUNCTL_STATE_DIR'] || join(xdg?.startsWith('/') ? xdg : join(home, '.local', 'state'), 'bunctl');
  const name = places.includes(socketPath)
    ? 'default'
    : createHash('sha256').update(socketPath).digest('hex').slice(0, 16);
  return join(resolve(base), name);
}

/** One of an app's two output streams. */
export type Stream = 'stdout' | 'stderr';

/** The files of a state directory. */
export function stateFiles(directory: string) {
  return {
    apps: join(directory, 'apps'),
    app: (id: string) => join(directory, 'apps', `${id}.json`),
    logs: join(directory, 'logs'),
    /** An id never starts the name's end, so even `..` makes a plain file's name. */
    log: (id: string, stream: Stream) => join(directory, 'logs', logName(id, stream)),
    daemonLog: join(directory, 'daemon.log'),
    /** The path of the socket on which its daemon listens, or listened last. */
    socket: join(directory, 'socket'),
    /** No file: the name of the lock that makes one daemon its owner. */
    lock: join(directory, 'daemon'),
  };
}

export function logName(id: string, stream: Stream): string {
  return `${id}.${stream === 'stdout' ? 'out' : 'err'}.log`;
}
