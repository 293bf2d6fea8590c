// The processes of apps that run: all of the session or the group of each app's leader.
import { isDead, type ProcessStat } from './stat.js';
import { system } from './system.js';

export interface Member {
  readonly pid: number;
  readonly stat: ProcessStat;
}

/** The live members, by the number of their leader, in one pass that keeps the thread: not for the main thread. */
export function membersByLeader(leaders: ReadonlySet<number>): Map<number, Member[]> {
  const members = new Map<number, Member[]>();
  for (const [pid, stat] of system.allStats()) {
    if (isDead(stat)) continue;
    const leader = leaders.has(stat.session) ? stat.session : stat.group;
    if (!leaders.has(leader)) continue;
    const known = members.get(leader);
    if (known) known.push({ pid, stat });
    else members.set(leader, [{ pid, stat }]);
  }
  return members;
}
