// The facts of Linux, from /proc and the files of users and machines.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type SystemFacts, UNKNOWN } from './facts.js';
import { TICKS_PER_SECOND } from './kernel.js';
import { eachProcess, isPid } from './scan.js';
import { type ProcessStat, readProc, statOf } from './stat.js';
import { userOf } from './users.js';

const readText = (path: string): string | undefined => readProc(path)?.toString('latin1').trim();

function pidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null;
  }
}

function* allStats(): Generator<readonly [number, ProcessStat]> {
  for (const name of readdirSync('/proc')) {
    if (!isPid(name)) continue;
    const stat = statOf(Number(name));
    if (stat !== undefined) yield [Number(name), stat];
  }
}

/** Seconds since the boot, including time asleep; see proc_uptime(5). */
function uptime(): number {
  try {
    return Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) || 0;
  } catch {
    return 0;
  }
}

let ownStart: number | undefined;

/** Computed from our own start time: some containers count /proc/uptime from their own start, but start times from the boot. */
function uptimeByOwnStart(): number {
  ownStart ??= Number(statOf(process.pid)?.startTime ?? 0) / TICKS_PER_SECOND;
  return ownStart + process.uptime();
}

export const linux: SystemFacts = {
  bootId: () => readText('/proc/sys/kernel/random/boot_id') ?? null,
  pidNamespace,
  machineId() {
    const id = readText('/etc/machine-id');
    // An image of a system that was never started has none, or the word `uninitialized`.
    return id !== undefined && /^[\da-f]{32}$/.test(id) ? id : null;
  },
  ticksNow: () => Math.max(uptime(), uptimeByOwnStart()) * TICKS_PER_SECOND,
  statOf,
  allStats,
  look: async () => 'all',
  processTable: UNKNOWN.processTable,
  tableFrom: UNKNOWN.tableFrom,
  looksAreCheap: true,
  eachStat: (visit) =>
    eachProcess((pid) => {
      const stat = statOf(pid);
      if (stat !== undefined) visit(pid, stat);
    }),
  tellsProcesses: true,
  tellsGroups: true,
  namesHaveCase: true,
  startTimeOf: async (pid) => statOf(pid)?.startTime ?? null,
  tellsHandlers: true,
  userOf: (uid) => userOf(uid),
};
