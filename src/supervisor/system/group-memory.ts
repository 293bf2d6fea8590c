// How much memory process groups hold, for the limits of apps.
import { readFileSync } from 'node:fs';
import { allPids, PAGE, statOf } from './processes.js';

/**
 * Of process groups with the most bytes each may hold, those that hold more, with what they do: the resident memory
 * of all their processes, and where these share some of it, each its part (PSS; see proc_pid_smaps_rollup(5)).
 * Empty where there is no /proc.
 */
export function groupsOver(limits: ReadonlyMap<number, number>): Map<number, number> {
  const members = new Map<number, { pid: number; resident: number }[]>();
  for (const pid of limits.size > 0 ? allPids() : []) {
    const stat = statOf(pid);
    if (stat === undefined || !limits.has(stat.group)) continue;
    const known = members.get(stat.group) ?? [];
    members.set(stat.group, known);
    known.push({ pid, resident: stat.residentPages * PAGE });
  }
  const over = new Map<number, number>();
  for (const [group, processes] of members) {
    const most = limits.get(group) ?? Infinity;
    let held = processes.reduce((sum, { resident }) => sum + resident, 0);
    // Dearer to ask, so only when it may matter.
    if (held > most && processes.length > 1)
      held = processes.reduce((sum, { pid, resident }) => sum + (proportional(pid) ?? resident), 0);
    if (held > most) over.set(group, held);
  }
  return over;
}

/** In bytes; undefined when the system does not say, of another user's process for one. */
function proportional(pid: number): number | undefined {
  try {
    const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
