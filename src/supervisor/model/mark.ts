// The mark by which the processes of an app are found: its id, and a nonce that is new with each run but for its beginning.
import { randomBytes } from 'node:crypto';
import type { AppRecord } from '../state/store.js';

/** The digits of a nonce that are the same for all runs of an app: what escaped from an earlier one is found too. */
const KIN = 8;

/** A nonce for the next run; `former` is the last one's. */
export function nextNonce(former: string | undefined): string {
  const random = randomBytes(8).toString('hex');
  return former === undefined ? random : former.slice(0, KIN) + random.slice(KIN);
}

/** The mark of one run, as it is in the environment of its processes. */
export function markOf({ id, nonce }: Pick<AppRecord, 'id' | 'nonce'>): string {
  return `${id}:${nonce}`;
}

/** What the marks of all runs begin with. */
export function kinOf({ id, nonce }: Pick<AppRecord, 'id' | 'nonce'>): string {
  return `${id}:${nonce.slice(0, KIN)}`;
}
