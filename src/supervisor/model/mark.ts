// The mark by which the processes of an app are found: its id and a nonce. Each run has its own nonce; its first digits stay.
import { randomBytes } from 'node:crypto';
import type { AppRecord } from './app-record.js';

/** How many digits of the nonce are the same in all runs of an app. By them, processes of earlier runs are found. */
const SHARED_DIGITS = 8;

/** A nonce for the next run; `former` is the last one's. */
export function nextNonce(former: string | undefined): string {
  const random = randomBytes(8).toString('hex');
  return former === undefined ? random : former.slice(0, SHARED_DIGITS) + random.slice(SHARED_DIGITS);
}

/** The mark of one run, as it is in the environment of its processes. */
export function runMark({ id, nonce }: Pick<AppRecord, 'id' | 'nonce'>): string {
  return `${id}:${nonce}`;
}

/** The beginning of the marks of all runs of an app. */
export function appMark({ id, nonce }: Pick<AppRecord, 'id' | 'nonce'>): string {
  return `${id}:${nonce.slice(0, SHARED_DIGITS)}`;
}
