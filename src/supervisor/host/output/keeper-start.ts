// How a keeper is started, and where it listens.
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { maxSocketPathBytes } from '../../../protocol/endpoints.js';
import { MAX_MESSAGE_SIZE } from '../../../protocol/frames.js';
import type { Environment } from '../../model/app-record.js';
import { KEEPER_SOCKET, stateFiles } from '../../state/paths.js';

/** The largest environment, in bytes of JSON, that the keeper is told: the rest of the frame has room beside it. */
const MAX_ENVIRONMENT = MAX_MESSAGE_SIZE / 2;

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
function nextEnvironment(openFiles: number | undefined): Environment {
  const limit = openFiles === undefined ? {} : { BUNCTL_OPEN_FILES: String(openFiles) };
  return { ...(process.env as Environment), ...limit };
}

/** The same as the keeper is told it; null for that of the keeper, when this one is too large to be told. */
export function toldEnvironment(openFiles: number | undefined, log: Logger): Environment | null {
  const environment = nextEnvironment(openFiles);
  if (Buffer.byteLength(JSON.stringify(environment)) <= MAX_ENVIRONMENT) return environment;
  log.warn(
    'the environment is too large for the keeper of the output: a daemon that is started again gets an older one',
  );
  return null;
}

/** A path of the keeper's socket that is short enough; on Linux any is, by a descriptor of its directory. */
export function keeperPath(directory: string): string | undefined {
  const { keeper } = stateFiles(directory);
  if (Buffer.byteLength(keeper) <= maxSocketPathBytes(process.platform)) return keeper;
  if (process.platform !== 'linux') return undefined;
  // For the life of the process.
  return `/proc/self/fd/${openSync(directory, 'r')}/${KEEPER_SOCKET}`;
}
