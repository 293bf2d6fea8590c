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
  /** The user's home, where it is known. */
  readonly home?: string | undefined;
  /** Whether a directory exists and belongs to the user. */
  readonly ownsDirectory: (path: string) => boolean;
}

/** The prefix of every pipe name on Windows. */
export const PIPES = '\\\\.\\pipe\\';

/** The forms of that prefix that Windows understands. */
const PIPES_IN_ANY_FORM = /^[\\/]{2}[.?][\\/]pipe[\\/]/i;

/** The longest name of a pipe, in characters, with its prefix; see CreateNamedPipe. */
const LONGEST_PIPE = 256;

/** The longest path, in bytes, that fits `sun_path` with its terminating zero. */
export function maxSocketPathBytes(platform: string): number {
  return platform === 'darwin' || platform.endsWith('bsd') ? 103 : 107;
}

/** The socket's path or the pipe's name if the caller gives none. */
export function defaultEndpoint(around: Surroundings): string {
  const [first] = candidateEndpoints(around);
  return first as string;
}

/**
 * Every endpoint on which this user's bunctl daemon may listen, the default first: `BUNCTL_SOCKET` alone if set; else
 * `$XDG_RUNTIME_DIR/bunctl.sock`, `/run/user/UID/bunctl.sock` if that directory is the user's, a directory
 * that belongs to the user under the temp directory. On macOS the last one is in `~/Library/Application Support`, since
 * the temp directory is another one under cron and launchd. The original's `/tmp/bunctl.sock` is {@link ORIGINAL_SOCKET}.
 * On Windows it is `%LOCALAPPDATA%\\bunctl\\bunctl.sock`, a place whose daemon has a pipe of a random name.
 */
export function candidateEndpoints(around: Surroundings): string[] {
  const { env, platform } = around;
  if (env['BUNCTL_SOCKET']) return [endpointOf(env['BUNCTL_SOCKET'], platform)];
  if (platform === 'win32') return [`${windowsPlaces(around).bunctl}\\bunctl.sock`];
  return placesFor('bunctl.sock', 'bunctl', around);
}

/** The longest name of a daemon, in characters. */
const LONGEST_NAME = 64;

/**
 * Every endpoint on which this user's daemon with the given name may listen, the default first: the places of
 * {@link candidateEndpoints}, with `NAME.sock` in place of `bunctl.sock`; on Windows `%LOCALAPPDATA%\bunctl-ipc\NAME.sock`. No
 * environment variable names another path.
 *
 * @param name 1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first; not `bunctl`.
 * @throws {IpcError} `OPTION_INVALID` for any other name.
 */
export function namedEndpoints(name: string, around: Surroundings): string[] {
  checkName(name);
  if (around.platform === 'win32') return [`${windowsPlaces(around).named}\\${name}.sock`];
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

function placesFor(file: string, directory: string, around: Surroundings): string[] {
  const { env, uid, tmpdir, ownsDirectory, platform, home } = around;
  const candidates: string[] = [];
  // A relative value is invalid by the XDG base directory specification and is ignored, as is an empty one.
  if (env['XDG_RUNTIME_DIR']?.startsWith('/'))
    candidates.push(`${env['XDG_RUNTIME_DIR'].replace(/\/+$/, '')}/${file}`);
  const run = `/run/user/${uid ?? 0}`;
  if (ownsDirectory(run)) candidates.push(`${run}/${file}`);
  candidates.push(
    platform === 'darwin' && home
      ? `${home.replace(/\/+$/, '')}/Library/Application Support/${directory}/${file}`
      : `${tmpdir.replace(/\/+$/, '')}/${directory}-${uid ?? 0}/${file}`,
  );
  return [...new Set(candidates)];
}

/** The original's path when XDG_RUNTIME_DIR is not set; clients try it last, after an owner check. */
export const ORIGINAL_SOCKET = '/tmp/bunctl.sock';

/** The folders of the user's profile in which a path is a place with a pipe of a random name. No other user can write there. */
export function windowsPlaces({ env, tmpdir }: Pick<Surroundings, 'env' | 'tmpdir'>) {
  const profile = env['USERPROFILE'];
  const base = env['LOCALAPPDATA'] || (profile ? `${profile}\\AppData\\Local` : tmpdir);
  const folder = base.replaceAll('/', '\\').replace(/\\+$/, '');
  return { bunctl: `${folder}\\bunctl`, named: `${folder}\\bunctl-ipc` };
}

/** Whether an endpoint is a pipe's name; others are paths. */
export const isPipe = (endpoint: string): boolean => PIPES_IN_ANY_FORM.test(endpoint);

/**
 * The endpoint for a given path: the path itself; or on Windows a pipe. A pipe's name is used as it is. A name without a
 * folder is the pipe that the original has for it, `\\.\pipe\bunctl_NAME`. The pipe of a path is named by the whole path, so
 * that `C:\a\s` and `C:\b\s` are two: {@link originalPipeOf} gives the name that the original has for both.
 *
 * @param path An absolute path on Windows, if it has a folder.
 */
export function endpointOf(path: string | undefined, platform: string): string {
  if (platform !== 'win32') return path ?? ORIGINAL_SOCKET;
  if (path === '') return path;
  if (path === undefined) return `${PIPES}bunctl_default`;
  if (isPipe(path)) return path.replace(PIPES_IN_ANY_FORM, PIPES);
  if (!/[\\/:]/.test(path)) return `${PIPES}bunctl_${path}`;
  const whole = path.replaceAll('/', '\\').replace(/\\+$/, '');
  return `${PIPES}bunctl_${lastOf(whole)}-${hashOf(whole.toLowerCase())}`;
}

/** The name that the original has for the path of a pipe's name by {@link endpointOf}; undefined if it has the same. */
export function originalPipeOf(pipe: string): string | undefined {
  const named = /^(\\\\\.\\pipe\\bunctl_.+)-[\da-f]{16}$/.exec(pipe);
  return named?.[1];
}

function lastOf(path: string): string {
  return path.split(/[\\:]/).filter(Boolean).at(-1) ?? 'root';
}

/** 64 bits of FNV-1a. It keeps paths apart, and is not a secret. */
function hashOf(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
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
  if (platform === 'win32') {
    checkPipe(path);
    return;
  }
  const limit = maxSocketPathBytes(platform);
  const bytes = Buffer.byteLength(path);
  if (bytes > limit) {
    throw new IpcError(
      'ENDPOINT_TOO_LONG',
      `The socket path is ${bytes} bytes and this system accepts ${limit}; choose a shorter one: ${path}`,
    );
  }
}

function checkPipe(path: string): void {
  if (!isPipe(path)) return;
  const name = path.slice(PIPES.length);
  if (name === '' || name.includes('\\'))
    throw new IpcError(
      'ENDPOINT_UNUSABLE',
      `The name of a pipe must not be empty or contain a backslash; choose another: ${path}`,
    );
  if (path.length > LONGEST_PIPE)
    throw new IpcError(
      'ENDPOINT_TOO_LONG',
      `The name of the pipe has ${path.length} characters and Windows accepts ${LONGEST_PIPE}; choose a shorter one: ${path}`,
    );
}
