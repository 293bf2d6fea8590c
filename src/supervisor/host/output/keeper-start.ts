// How a keeper is started, and where it listens.
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { maxSocketPathBytes } from '../../../protocol/endpoints.js';
import type { Environment } from '../../model/app-record.js';
import { KEEPER_SOCKET, stateFiles } from '../../state/paths.js';

/** In a session of its own, so that neither a terminal nor the end of the daemon reaches it. */
export function startKeeper(directory: string, openFiles: number | undefined): void {
  const child = spawn(
    process.execPath,
    // It holds little, and its memory is to stay small.
    ['--max-semi-space-size=1', '--max-old-space-size=64', fileURLToPath(SCRIPT), directory],
    { detached: true, cwd: directory, stdio: 'ignore', env: nextEnvironment(openFiles) },
  );
  // That it does not start is seen by nobody listening.
  child.on('error', () => undefined);
  child.unref();
}

const SCRIPT = new URL('../../../bundle/keeper.js', import.meta.url);

/**
 * The environment of this daemon, for the one that replaces it.
 *
 * @param openFiles The soft limit of open files that apps get; the next daemon cannot see it any more.
 */
export function nextEnvironment(openFiles: number | undefined): Environment {
  const limit = openFiles === undefined ? {} : { BUNCTL_OPEN_FILES: String(openFiles) };
  return { ...(process.env as Environment), ...limit };
}

/** A path of the keeper's socket that is short enough; on Linux any is, by a descriptor of its directory. */
export function keeperPath(directory: string): string | undefined {
  const { keeper } = stateFiles(directory);
  if (Buffer.byteLength(keeper) <= maxSocketPathBytes(process.platform)) return keeper;
  if (process.platform !== 'linux') return undefined;
  // For the life of the process.
  return `/proc/self/fd/${openSync(directory, 'r')}/${KEEPER_SOCKET}`;
}
