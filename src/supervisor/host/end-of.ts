// Chooses the way in which this system ends an app.
import type { ChildProcess } from 'node:child_process';
import { mayBeSignalled, type ProcessIdentity } from '../system/processes.js';
import { system } from '../system/system.js';
import { GroupEnd } from './group-end.js';
import type { ProcessEnd } from './process-end.js';
import { TreeEnd } from './windows/tree-end.js';

/**
 * @param child The process, if it is a child of this one.
 * @param patience Milliseconds from the process's end until what belongs to it is killed.
 */
export function endOf(
  leader: ProcessIdentity,
  child: ChildProcess | undefined,
  patience: number,
): ProcessEnd {
  return system.tellsGroups ? new GroupEnd(leader.pid, patience) : new TreeEnd(leader, child);
}

/** Whether a process of a former daemon may be told anything now. A tree finds out itself, each time. */
export const mayBeTold = (adopted: ProcessIdentity): boolean =>
  !system.tellsGroups || mayBeSignalled(adopted);
