// The members of all process groups.
import { SharedScan } from './scan.js';
import { isDead } from './stat.js';
import { system } from './system.js';

/** The members of one process group. */
export interface GroupMembers {
  readonly live: readonly number[];
  /** Ended, but not yet reaped by their parents. */
  readonly zombies: readonly number[];
}

async function scanGroups(): Promise<ReadonlyMap<number, GroupMembers>> {
  const groups = new Map<number, { live: number[]; zombies: number[] }>();
  await system.eachStat((pid, stat) => {
    let members = groups.get(stat.group);
    if (members === undefined) groups.set(stat.group, (members = { live: [], zombies: [] }));
    members[isDead(stat) ? 'zombies' : 'live'].push(pid);
  });
  return groups;
}

const groups = new SharedScan(scanGroups);

/** The members of a process group, by a scan that begins after this call; undefined if it has none. */
export async function membersOf(group: number): Promise<GroupMembers | undefined> {
  return (await groups.result()).get(group);
}
