// What is left of an app of which a former daemon wrote down the record: its process, or what its process left behind.
import {
  bootId,
  groupLives,
  identify,
  isAlive,
  markedProcesses,
  type ProcessIdentity,
  statOf,
} from './processes.js';
import type { AppRecord } from './store.js';

/** Its process that lives: the one written down, or one that was spawned and not written down any more. */
export function survivorOf({ id, nonce, state, process: former }: AppRecord): ProcessIdentity | null {
  if (former && isAlive(former)) return former;
  if (state.status === 'Stopped' || (former && former.bootId !== bootId())) return null;
  for (const pid of markedProcesses(`${id}:${nonce}`)) {
    const identity = identify(pid);
    // The leader of its group is the app itself; others are its children, or have escaped.
    if (isAlive(identity) && groupLives(pid)) return identity;
  }
  return null;
}

/**
 * Its process that died unseen, if its group still has members: they would hold its ports, so the group's end is the
 * app's end.
 */
export function restOf({ id, nonce, process: former }: AppRecord): ProcessIdentity | null {
  if (!former || former.bootId !== bootId()) return null;
  // By the mark too: the group's number may be another's by now.
  const remains = markedProcesses(`${id}:${nonce}`).some((pid) => statOf(pid)?.group === former.pid);
  return remains ? former : null;
}
