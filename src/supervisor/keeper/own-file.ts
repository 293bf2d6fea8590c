// Opens a file of the keeper's, and makes its folder again when that was removed.
import { mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/** @throws The error of open(2) or mkdir(2). */
export function openOwn(path: string, flags: number): number {
  try {
    return openSync(path, flags, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, flags, 0o600);
  }
}
