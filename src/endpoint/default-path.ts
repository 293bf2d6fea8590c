// The endpoint rules applied to this machine, user and current directory.
import { lstatSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, resolve, win32 } from 'node:path';
import {
  candidateEndpoints,
  defaultEndpoint,
  endpointOf,
  isPipe,
  namedEndpoints,
  type Surroundings,
  windowsPlaces,
} from '../protocol/endpoints.js';

/**
 * A path that a user wrote, made absolute by the current directory and without detours, so that it means the
 * same socket from everywhere, and one socket has one name. A pipe's name is returned as it is.
 */
export function absoluteSocketPath(path: string): string {
  return process.platform === 'win32' && !hasFolder(path) ? path : resolve(path);
}

/** On Windows a path, and not a pipe's name or the name that becomes one. */
const hasFolder = (path: string): boolean => /[\\/:]/.test(path) && !isPipe(path);

/**
 * The endpoint for a path that a caller gives, by the rule of `endpointOf`. On Windows a place in the user's profile
 * stays as it is, and a relative path counts from the current directory.
 */
export function endpointAt(path: string | undefined): string {
  const { platform } = process;
  if (platform !== 'win32' || path === undefined || !hasFolder(path)) return endpointOf(path, platform);
  const whole = win32.resolve(path);
  const places = Object.values(windowsPlaces({ env: process.env, tmpdir: tmpdir() }));
  const isPlace = places.some((place) => place.toLowerCase() === dirname(whole).toLowerCase());
  return isPlace ? whole : endpointOf(whole, platform);
}

/** A user without an entry in the list of users has none. */
function home(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

function surroundings(): Surroundings {
  const named = process.env['BUNCTL_SOCKET'];
  const uid = process.getuid?.();
  return {
    platform: process.platform,
    env: named ? { ...process.env, BUNCTL_SOCKET: absoluteSocketPath(named) } : process.env,
    uid,
    tmpdir: tmpdir(),
    home: process.platform === 'darwin' ? home() : undefined,
    // Asked only about /run/user/UID, which is in memory.
    ownsDirectory(path) {
      const stat = lstatSync(path, { throwIfNoEntry: false });
      return stat !== undefined && stat.isDirectory() && stat.uid === uid;
    },
  };
}

/**
 * Where `bunctl` listens, and where a client looks first, when no path is given: `$BUNCTL_SOCKET`, relative to the
 * current directory if it is relative; `$XDG_RUNTIME_DIR/bunctl.sock`; `/run/user/UID/bunctl.sock` if that directory
 * is the user's; a directory of the user's own under the temp directory, on macOS under
 * `~/Library/Application Support`. On Windows
 * `%LOCALAPPDATA%\bunctl\bunctl.sock`, a place whose daemon has a pipe of a random name.
 */
export function defaultSocketPath(): string {
  return defaultEndpoint(surroundings());
}

/**
 * Where the daemon with this name listens: `startDaemon({ name })` and `IpcClient.connect(socketPathOf(name))` meet
 * there. `$XDG_RUNTIME_DIR/NAME.sock`; `/run/user/UID/NAME.sock` if that directory is the user's;
 * `bunctl-ipc-UID/NAME.sock` under the temp directory. On Windows
 * `%LOCALAPPDATA%\bunctl-ipc\NAME.sock`, a place whose daemon has a pipe of a random name.
 *
 * @param name 1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first; not `bunctl`.
 * @throws {IpcError} `OPTION_INVALID` for any other name.
 */
export function socketPathOf(name: string): string {
  const [first] = namedEndpoints(name, surroundings());
  return first as string;
}

/** The places of the rule where nothing is named: what is there belongs to one daemon, whichever of them it is on. */
export function unnamedSocketPaths(): string[] {
  const around = surroundings();
  return candidateEndpoints({ ...around, env: { ...around.env, BUNCTL_SOCKET: undefined } });
}

/** Every path of bunctl's rule, the default first. */
export function candidateSocketPaths(): string[] {
  return candidateEndpoints(surroundings());
}
