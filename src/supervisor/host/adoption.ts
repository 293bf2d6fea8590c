// What is left of an app of which a former daemon wrote down the record: its process, or what its process left behind.
import {
  bootId,
  identify,
  isAlive,
  leadersOf,
  markedProcesses,
  type ProcessIdentity,
  statOf,
} from '../system/processes.js';
import type { AppRecord } from '../model/app-record.js';
import { runMark } from '../model/mark.js';

/** Its process that lives: the one written down, or one that was spawned and not written down any more. */
export function survivorOf(record: AppRecord): ProcessIdentity | null {
  const { process: former } = record;
  if (former && isAlive(former)) return former;
  // Who carries the mark without being its leader is a child, or has escaped; the app itself has ended then.
  const [leader] = leadersOf(runMark(record));
  return leader === undefined ? null : identify(leader);
}

/**
 * Its process that died unseen, if its group still has members: they would hold its ports, so the group's end is the
 * app's end.
 */
export function restOf(record: AppRecord): ProcessIdentity | null {
  const { process: former } = record;
  if (!former || former.bootId !== bootId()) return null;
  // By the mark too: the group's number may be another's by now.
  const remains = markedProcesses(runMark(record)).some((pid) => statOf(pid)?.group === former.pid);
  return remains ? former : null;
}
