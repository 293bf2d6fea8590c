// What the system says of processes: who lives, since when, in which group, and with which mark.
import { readdirSync, readFileSync } from 'node:fs';

/** A process, told from any later one with its number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since the boot, as the system writes it; null where there is no /proc. */
  readonly startTime: string | null;
  readonly bootId: string | null;
}

/** A line of /proc/PID/stat; see proc_pid_stat(5). */
export interface ProcessStat {
  readonly state: string;
  readonly group: number;
  readonly session: number;
  readonly startTime: string;
  /** Clock ticks in user and kernel mode. */
  readonly cpuTicks: number;
  readonly residentPages: number;
}

/** Bytes of a page of memory. */
export const PAGE = 4096;

const hasProc = process.platform === 'linux';

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

let boot: string | null | undefined;

/** The number of this boot; null where there is none. */
export function bootId(): string | null {
  boot ??= hasProc ? (read('/proc/sys/kernel/random/boot_id')?.trim() ?? null) : null;
  return boot;
}

/** Undefined when there is no such process. The command's name may hold anything, so fields count from its end. */
export function parseStat(line: string): ProcessStat {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0] ?? '?',
    group: Number(fields[2]),
    session: Number(fields[3]),
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    startTime: fields[19] ?? '',
    residentPages: Number(fields[21]),
  };
}

export function statOf(pid: number): ProcessStat | undefined {
  const line = read(`/proc/${pid}/stat`);
  return line === undefined ? undefined : parseStat(line);
}

/** The identity of a process that lives now. */
export function identify(pid: number): ProcessIdentity {
  return { pid, startTime: statOf(pid)?.startTime ?? null, bootId: bootId() };
}

function exists(target: number): boolean {
  try {
    process.kill(target, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Signals a process, or with a negative number a process group; whether there was one to be signalled. */
export function sendSignal(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch {
    return false;
  }
}

/** Whether that very process lives; a zombie does not. */
export function isAlive({ pid, startTime, bootId: boot }: ProcessIdentity): boolean {
  if (!hasProc) return exists(pid);
  if (boot !== bootId()) return false;
  const stat = statOf(pid);
  return stat !== undefined && stat.startTime === startTime && stat.state !== 'Z' && stat.state !== 'X';
}

/** Of all processes there are; none where there is no /proc. */
export function allPids(): number[] {
  if (!hasProc) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** How long, in ms, one look at all processes serves everybody who asks whether a group still lives. */
const GROUPS_KEPT = 20;
let groups: ReadonlySet<number> = new Set();
let groupsAt = -Infinity;

/** Groups with a member that lives. */
function liveGroups(): ReadonlySet<number> {
  const live = new Set<number>();
  for (const pid of allPids()) {
    const stat = statOf(pid);
    if (stat && stat.state !== 'Z' && stat.state !== 'X') live.add(stat.group);
  }
  groups = live;
  groupsAt = performance.now();
  return live;
}

/** Whether a process group has a member that lives; zombies, which nobody may have reaped yet, do not count. */
export function groupLives(group: number): boolean {
  if (!exists(-group)) return false;
  if (!hasProc) return true;
  // A hundred apps that end together ask a hundred times. That a group lived just now is good enough; that it
  // did not is looked at anew, since it may be younger than the last look.
  if (performance.now() - groupsAt < GROUPS_KEPT && groups.has(group)) return true;
  try {
    return liveGroups().has(group);
  } catch {
    // Too many open files, for one: there is such a group, and more is not known.
    return true;
  }
}

const MARK = 'BUNCTL_APP=';

/** The mark of an app's process, which all that descend from it inherit; its leader adds its own number. */
function markInEnvironment(pid: number): string | undefined {
  const environment = read(`/proc/${pid}/environ`)?.split('\0');
  return environment?.find((line) => line.startsWith(MARK))?.slice(MARK.length);
}

/**
 * Those of this user's other processes that carry a mark in their environment. Never we ourselves: a daemon that an
 * app has brought up has inherited its mark.
 */
export function markedProcesses(mark: string): number[] {
  return marked((found) => found === mark || found.startsWith(`${mark}:`));
}

/** Those that carry a mark that begins like this. */
export function processesWithMarkPrefix(beginning: string): number[] {
  return marked((found) => found.startsWith(beginning));
}

function marked(wanted: (mark: string) => boolean): number[] {
  if (!hasProc) return [];
  return allPids().filter((pid) => {
    if (pid === process.pid) return false;
    const found = markInEnvironment(pid);
    return found !== undefined && wanted(found) && statOf(pid)?.state !== 'Z';
  });
}

/**
 * Those of a mark that were spawned with it, the oldest first: each leads its session and group, and it is its own
 * number that the mark ends with. A helper that has made itself a leader inherits the number of another.
 */
export function leadersOf(mark: string): number[] {
  const age = (pid: number): number => Number(statOf(pid)?.startTime ?? Infinity);
  return markedProcesses(mark)
    .filter((pid) => {
      const stat = statOf(pid);
      return stat?.session === pid && stat.group === pid && markInEnvironment(pid) === `${mark}:${pid}`;
    })
    .sort((a, b) => age(a) - age(b));
}

/** The soft limit of open files of a process; undefined where it cannot be known. */
export function openFilesLimit(pid: number | 'self'): number | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(read(`/proc/${pid}/limits`) ?? '')?.[1];
  return soft === undefined ? undefined : Number(soft);
}
