// A place in a Windows user's profile: its daemon has a pipe whose random name only this user can read.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { IpcError } from '../protocol/errors.js';
import { PIPES } from '../protocol/endpoints.js';
import { holdFile, isHeld } from './held-file.js';

/** 128 bits, which nobody guesses. */
const NAME_BYTES = 16;

/** The files of a place are named by its path and the name of a pipe. */
function filesOf(place: string): string[] {
  const start = `${basename(place)}.`;
  try {
    return readdirSync(dirname(place)).filter(
      (file) => file.startsWith(start) && /^[\da-f]{32}$/.test(file.slice(start.length)),
    );
  } catch {
    // Nobody was here yet, or the folder is not ours to read.
    return [];
  }
}

/**
 * Takes a place, whose lock the caller holds. The pipe's name is new, and this process holds the file that tells the
 * name as long as it lives. So a client sends nothing to another user who listens on the name of a daemon that has
 * ended.
 *
 * @throws {IpcError} `ENDPOINT_UNUSABLE`.
 */
export function takePlace(place: string): { readonly pipe: string; readonly leave: () => void } {
  const folder = dirname(place);
  const name = randomBytes(NAME_BYTES).toString('hex');
  const file = join(folder, `${basename(place)}.${name}`);
  try {
    mkdirSync(folder, { recursive: true });
    for (const former of filesOf(place)) rmSync(join(folder, former), { force: true });
    const hold = holdFile(file);
    if (typeof hold === 'string') throw new Error('it cannot be held');
    const leave = (): void => {
      hold.release();
      rmSync(file, { force: true, maxRetries: 3 });
    };
    return { pipe: `${PIPES}bunctl_${name}`, leave };
  } catch (cause) {
    throw new IpcError(
      'ENDPOINT_UNUSABLE',
      `The place ${place} cannot be taken: ${(cause as Error).message}; choose another with BUNCTL_SOCKET`,
      { cause },
    );
  }
}

/** The pipe of the daemon that lives at a place; undefined if none does. */
export function pipeAt(place: string): string | undefined {
  const live = filesOf(place).find((file) => isHeld(join(dirname(place), file)));
  return live === undefined ? undefined : `${PIPES}bunctl_${live.slice(-2 * NAME_BYTES)}`;
}
