// The endpoint rules applied to this machine and user.
import { lstatSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { candidateEndpoints, defaultEndpoint, type Surroundings } from './protocol/endpoints.js';

function surroundings(): Surroundings {
  const uid = process.getuid?.();
  return {
    platform: process.platform,
    env: process.env,
    uid,
    tmpdir: tmpdir(),
    ownsDirectory(path) {
      const stat = lstatSync(path, { throwIfNoEntry: false });
      return stat !== undefined && stat.isDirectory() && stat.uid === uid;
    },
  };
}

/**
 * Where a daemon listens, and a client looks first, when no path is given: `$BUNCTL_SOCKET`;
 * `$XDG_RUNTIME_DIR/bunctl.sock`; `/run/user/UID/bunctl.sock` if that directory is the user's; a directory of
 * the user's own under the temp directory. On Windows `\\.\pipe\bunctl_default`.
 */
export function defaultSocketPath(): string {
  return defaultEndpoint(surroundings());
}

/** Every path of the rule, the default first. */
export function candidateSocketPaths(): string[] {
  return candidateEndpoints(surroundings());
}
