// The processes of apps that run: all of the session or the group of each app's leader; without groups, its descendants.
import { isDead, type ProcessStat } from './stat.js';
import { system } from './system.js';

export interface Member {
  readonly pid: number;
  readonly stat: ProcessStat;
}

/** The most generations that are followed. */
const DEPTH = 64;

/** The live members, by the number of their leader, in one pass that keeps the thread: not for the main thread. */
export function membersByLeader(leaders: ReadonlySet<number>): Map<number, Member[]> {
  const members = new Map<number, Member[]>();
  const all = system.tellsGroups ? undefined : new Map(system.allStats());
  for (const [pid, stat] of all ?? system.allStats()) {
    if (isDead(stat)) continue;
    const leader = all ? ancestorAmong(leaders, pid, all) : leaderByGroup(leaders, stat);
    if (leader === undefined) continue;
    const known = members.get(leader);
    if (known) known.push({ pid, stat });
    else members.set(leader, [{ pid, stat }]);
  }
  return members;
}

function leaderByGroup(leaders: ReadonlySet<number>, { session, group }: ProcessStat): number | undefined {
  const leader = leaders.has(session) ? session : group;
  return leaders.has(leader) ? leader : undefined;
}

/**
 * The nearest leader among the ancestors of a process and itself. A parent that is younger than its child has only got
 * the number of the one that has ended.
 */
export function ancestorAmong(
  leaders: ReadonlySet<number>,
  start: number,
  all: ReadonlyMap<number, ProcessStat>,
): number | undefined {
  let pid = start;
  for (let depth = 0; depth < DEPTH; depth += 1) {
    // A daemon that an app has started is not a process of the app.
    if (pid === process.pid) return undefined;
    if (leaders.has(pid)) return pid;
    const stat = all.get(pid);
    if (stat === undefined) return undefined;
    const parent = all.get(stat.parent);
    if (parent !== undefined && Number(parent.startTime) > Number(stat.startTime)) return undefined;
    pid = stat.parent;
  }
  return undefined;
}
