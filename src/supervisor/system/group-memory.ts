// The memory that the processes of apps hold.
import { type Member, membersByLeader } from './members.js';
import { PAGE } from './kernel.js';
import { readProc } from './stat.js';

/**
 * The bytes that processes hold: for one process its resident memory; for several, shared memory is divided among them (PSS;
 * see proc_pid_smaps_rollup(5)).
 */
export function heldBy(members: readonly Member[]): number {
  const [only] = members;
  if (members.length === 1 && only) return residentOf(only);
  return members.reduce((sum, member) => sum + (proportional(member.pid) ?? residentOf(member)), 0);
}

/**
 * The apps that hold more than they may, and the bytes that they hold; empty without /proc. Takes some
 * 10 µs for each process of the machine.
 *
 * @param limits The most bytes, by the number of the app's leader.
 */
export function groupsOver(limits: ReadonlyMap<number, number>): Map<number, number> {
  const over = new Map<number, number>();
  if (limits.size === 0) return over;
  for (const [leader, members] of membersByLeader(new Set(limits.keys()))) {
    const most = limits.get(leader) ?? Infinity;
    // Their parts are expensive to ask for, and never more than their resident memory.
    if (members.reduce((sum, member) => sum + residentOf(member), 0) <= most) continue;
    const held = heldBy(members);
    if (held > most) over.set(leader, held);
  }
  return over;
}

function residentOf({ stat }: Member): number {
  return stat.residentPages * PAGE;
}

/** In bytes; undefined if the system does not say, of another user's process for example. */
function proportional(pid: number): number | undefined {
  const text = readProc(`/proc/${pid}/smaps_rollup`)?.toString('latin1') ?? '';
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(text)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
