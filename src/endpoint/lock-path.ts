// The file that is the lock of an endpoint, where locks are files.
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isPipe, windowsPlaces } from '../protocol/endpoints.js';

/** Beside a path; a pipe has no folder, so its lock is in the user's profile. Makes the folder. */
export function lockPathOf(endpoint: string): string {
  const file = isPipe(endpoint)
    ? join(windowsPlaces({ env: process.env, tmpdir: tmpdir() }).bunctl, 'locks', `${hashOf(endpoint)}.lock`)
    : `${endpoint}.lock`;
  mkdirSync(dirname(file), { recursive: true });
  return file;
}

/** Windows does not distinguish names by case. */
const hashOf = (pipe: string): string =>
  createHash('sha256').update(pipe.toLowerCase()).digest('hex').slice(0, 32);
