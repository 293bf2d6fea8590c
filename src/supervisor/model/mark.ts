// The mark by which the processes of an app are found: its id and a nonce, whose first digits are the app's own and whose
// other digits number its runs.
import { randomBytes } from 'node:crypto';
import type { AppRecord } from './app-record.js';

/** How many digits of the nonce are the same in all runs of an app. By them, processes of earlier runs are found. */
const SHARED_DIGITS = 8;

/** A nonce for the next run, whose number is greater by one; `former` is the last run's nonce. */
export function nextNonce(former: string | undefined): string {
  const shared = former?.slice(0, SHARED_DIGITS) ?? randomBytes(SHARED_DIGITS / 2).toString('hex');
  const run = (former === undefined ? 0 : runNumber(former)) + 1;
  return shared + run.toString(16).padStart(8, '0');
}

function runNumber(nonce: string): number {
  return parseInt(nonce.slice(SHARED_DIGITS), 16) || 0;
}

/** The mark of one run, as it is in the environment of its processes. */
export function runMark({ id, nonce }: Pick<AppRecord, 'id' | 'nonce'>): string {
  return `${id}:${nonce}`;
}

/** The nonce of the run that a mark is of. */
export const nonceOfMark = (mark: string): string => mark.split(':')[1] ?? '';

/** How a process relates to a record of an app, by the mark of the process. */
export interface RunOfMark {
  /** The difference between the number of its run and that of the record: greater than 0 for a later run. */
  readonly runs: number;
  /** The process that was spawned with the mark, where the mark tells it: earlier versions wrote its number. */
  readonly leader: number | undefined;
}

/** The id of the app that a mark names. It may be that of an app of another daemon. */
export const appOfMark = (mark: string): string => mark.slice(0, Math.max(0, mark.indexOf(':')));

/** Undefined if the mark is of another app, or of an app of the same name of another daemon. */
export function runOfMark(
  mark: string,
  { id, nonce }: Pick<AppRecord, 'id' | 'nonce'>,
): RunOfMark | undefined {
  const [markedId, marked, leader] = mark.split(':');
  if (markedId !== id || marked === undefined) return undefined;
  if (marked.slice(0, SHARED_DIGITS) !== nonce.slice(0, SHARED_DIGITS)) return undefined;
  return {
    runs: runNumber(marked) - runNumber(nonce),
    leader: leader === undefined ? undefined : Number(leader),
  };
}
