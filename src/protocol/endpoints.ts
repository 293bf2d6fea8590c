// Endpoints: the path of the socket or the name of the pipe, as pure functions of platform, environment and user.
import { Buffer } from 'node:buffer';
import { IpcError } from './errors.js';

/** The inputs of the endpoint rules. The caller gives them, so that each platform's rule can be tested anywhere. */
export interface Surroundings {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Numeric user id; undefined on Windows. */
  readonly uid: number | undefined;
  readonly tmpdir: string;
  /** Whether a directory exists and belongs to the user. */
  readonly ownsDirectory: (path: string) => boolean;
}

/** The prefix of every pipe name on Windows. */
const PIPES = '\\\\.\\pipe\\';

/** The longest path, in bytes, that fits `sun_path` with its terminating zero. */
export function maxSocketPathBytes(platform: string): number {
  return platform === 'darwin' || platform.endsWith('bsd') ? 103 : 107;
}

/** The socket's path or the pipe's name if the caller gives none. */
export function defaultEndpoint(around: Surroundings): string {
  const [first] = candidateEndpoints(around);
  return first ?? endpointOf(undefined, around.platform);
}

/**
 * Every endpoint on which this user's bunctl daemon may listen, the default first: `BUNCTL_SOCKET` alone if set; else
 * `$XDG_RUNTIME_DIR/bunctl.sock`, `/run/user/UID/bunctl.sock` if that directory is the user's, a directory
 * that belongs to the user under the temp directory. The original's `/tmp/bunctl.sock` is {@link ORIGINAL_SOCKET}.
 */
export function candidateEndpoints(around: Surroundings): string[] {
  const { env, platform } = around;
  if (env['BUNCTL_SOCKET']) return [endpointOf(env['BUNCTL_SOCKET'], platform)];
  if (platform === 'win32') return [endpointOf(undefined, platform)];
  return placesFor('bunctl.sock', 'bunctl', around);
}

/** The longest name of a daemon, in characters. */
const LONGEST_NAME = 64;

/**
 * Every endpoint on which this user's daemon with the given name may listen, the default first: the places of
 * {@link candidateEndpoints}, with `NAME.sock` in place of `bunctl.sock`; on Windows the pipe `\\.\pipe\bunctl-ipc_NAME`. No
 * environment variable names another path.
 *
 * @param name 1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first; not `bunctl`.
 * @throws {IpcError} `OPTION_INVALID` for any other name.
 */
export function namedEndpoints(name: string, around: Surroundings): string[] {
  checkName(name);
  if (around.platform === 'win32') return [`${PIPES}bunctl-ipc_${name}`];
  return placesFor(`${name}.sock`, 'bunctl-ipc', around);
}

function checkName(name: unknown): void {
  if (name === 'bunctl') {
    throw new IpcError('OPTION_INVALID', 'The name bunctl is the process manager’s; choose another name');
  }
  if (typeof name === 'string' && name.length <= LONGEST_NAME && /^[a-z\d][\w.-]*$/i.test(name)) return;
  throw new IpcError(
    'OPTION_INVALID',
    `The name of a daemon must be 1 to ${LONGEST_NAME} letters, digits, dots, dashes and underscores, a letter or digit first`,
  );
}

function placesFor(
  file: string,
  directory: string,
  { env, uid, tmpdir, ownsDirectory }: Surroundings,
): string[] {
  const candidates: string[] = [];
  // A relative value is invalid by the XDG base directory specification and is ignored, as is an empty one.
  if (env['XDG_RUNTIME_DIR']?.startsWith('/'))
    candidates.push(`${env['XDG_RUNTIME_DIR'].replace(/\/+$/, '')}/${file}`);
  const run = `/run/user/${uid ?? 0}`;
  if (ownsDirectory(run)) candidates.push(`${run}/${file}`);
  candidates.push(`${tmpdir.replace(/\/+$/, '')}/${directory}-${uid ?? 0}/${file}`);
  return [...new Set(candidates)];
}

/** The original's path when XDG_RUNTIME_DIR is not set; clients try it last, after an owner check. */
export const ORIGINAL_SOCKET = '/tmp/bunctl.sock';

/** The endpoint for a given path: the path itself, or on Windows `\\.\pipe\bunctl_` and the path's last component. */
export function endpointOf(path: string | undefined, platform: string): string {
  if (platform !== 'win32') return path ?? ORIGINAL_SOCKET;
  if (path?.startsWith(PIPES)) return path;
  const base = path?.split(/[\\/]/).filter(Boolean).at(-1);
  return `${PIPES}bunctl_${base ?? 'default'}`;
}

/**
 * Refuses a path that the kernel would truncate or cannot use.
 *
 * @throws {IpcError} `ENDPOINT_TOO_LONG`, `ENDPOINT_UNUSABLE`.
 */
export function checkEndpoint(path: string, platform: string): void {
  if (path === '' || path.includes('\0')) {
    throw new IpcError(
      'ENDPOINT_UNUSABLE',
      'The socket path is empty or contains a NUL byte; give a plain path',
    );
  }
  if (platform === 'win32') return;
  const limit = maxSocketPathBytes(platform);
  const bytes = Buffer.byteLength(path);
  if (bytes > limit) {
    throw new IpcError(
      'ENDPOINT_TOO_LONG',
      `The socket path is ${bytes} bytes and this system accepts ${limit}; choose a shorter one: ${path}`,
    );
  }
}
