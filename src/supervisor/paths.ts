// Where the process manager keeps things: one state directory per socket, and the files in it.
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** What the rule looks at, so that it can be tested. */
export interface StateSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/**
 * The state directory of the daemon on a socket: `$BUNCTL_STATE_DIR`, else `$XDG_STATE_HOME/bunctl`, else
 * `~/.local/state/bunctl`; in it a directory named by a hash of the socket's path.
 */
export function stateDirectory(
  socketPath: string,
  { env, home }: StateSurroundings = { env: process.env, home: homedir() },
): string {
  const xdg = env['XDG_STATE_HOME'];
  const base =
    env['BUNCTL_STATE_DIR'] || join(xdg?.startsWith('/') ? xdg : join(home, '.local', 'state'), 'bunctl');
  return join(resolve(base), createHash('sha256').update(socketPath).digest('hex').slice(0, 16));
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
    /** The socket's path, for people who look around. */
    socket: join(directory, 'socket'),
  };
}

export function logName(id: string, stream: Stream): string {
  return `${id}.${stream === 'stdout' ? 'out' : 'err'}.log`;
}
