// Endpoints: where the socket or pipe is, as pure functions of platform, environment and user.
import { Buffer } from 'node:buffer';
import { IpcError } from './errors.js';

/** What the endpoint rules look at, given by the caller so that each platform's rule can be tested anywhere. */
export interface Surroundings {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Numeric user id; undefined on Windows. */
  readonly uid: number | undefined;
  readonly tmpdir: string;
  /** Whether a directory exists and belongs to the user. */
  readonly ownsDirectory: (path: string) => boolean;
}

/** Longest path, in bytes, that fits `sun_path` with its terminating zero. */
export function maxSocketPathBytes(platform: string): number {
  return platform === 'darwin' || platform.endsWith('bsd') ? 103 : 107;
}

/** The socket's path or the pipe's name when none was given. */
export function defaultEndpoint(around: Surroundings): string {
  const [first] = candidateEndpoints(around);
  return first ?? endpointOf(undefined, around.platform);
}

/**
 * Every endpoint a daemon of this user may be on, the default first: `BUNCTL_SOCKET` alone if set; else
 * `$XDG_RUNTIME_DIR/bunctl.sock`, `/run/user/UID/bunctl.sock` if that directory is the user's, a directory
 * of the user's own under the temp directory. The original's `/tmp/bunctl.sock` is {@link ORIGINAL_SOCKET}.
 */
export function candidateEndpoints(around: Surroundings): string[] {
  const { env, platform, uid } = around;
  if (env['BUNCTL_SOCKET']) return [endpointOf(env['BUNCTL_SOCKET'], platform)];
  if (platform === 'win32') return [endpointOf(undefined, platform)];
  const candidates: string[] = [];
  // A relative value is invalid by the XDG base directory specification and is ignored, as is an empty one.
  if (env['XDG_RUNTIME_DIR']?.startsWith('/'))
    candidates.push(`${env['XDG_RUNTIME_DIR'].replace(/\/+$/, '')}/bunctl.sock`);
  const run = `/run/user/${uid ?? 0}`;
  if (around.ownsDirectory(run)) candidates.push(`${run}/bunctl.sock`);
  candidates.push(`${around.tmpdir.replace(/\/+$/, '')}/bunctl-${uid ?? 0}/bunctl.sock`);
  return [...new Set(candidates)];
}

/** The original's path when XDG_RUNTIME_DIR is not set; clients try it last, after an owner check. */
export const ORIGINAL_SOCKET = '/tmp/bunctl.sock';

/** The kernel's name for a given path: the path itself, or on Windows `\\.\pipe\bunctl_` and its last component. */
export function endpointOf(path: string | undefined, platform: string): string {
  if (platform !== 'win32') return path ?? ORIGINAL_SOCKET;
  const prefix = '\\\\.\\pipe\\';
  if (path?.startsWith(prefix)) return path;
  const base = path?.split(/[\\/]/).filter(Boolean).at(-1);
  return `${prefix}bunctl_${base ?? 'default'}`;
}

/**
 * Refuses a path the kernel would cut or could not hold.
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
