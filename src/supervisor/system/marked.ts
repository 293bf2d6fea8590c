// The processes of apps: each carries the mark of its run in its environment, which its descendants inherit.
import { setTimeout as sleep } from 'node:timers/promises';
import { MARK_VARIABLE } from '../model/own-variables.js';
import { eachProcess, SharedScan } from './scan.js';
import { isDead, type ProcessStat, readProc } from './stat.js';
import { system } from './system.js';

/** A live process that carries a mark. */
export interface MarkedProcess {
  readonly pid: number;
  readonly mark: string;
  readonly stat: ProcessStat;
}

const FIRST = Buffer.from(`${MARK_VARIABLE}=`);
const LATER = Buffer.from(`\0${MARK_VARIABLE}=`);

/** The mark in the environment of a process, as /proc/PID/environ has it; undefined if there is none. */
export function markIn(environment: Buffer): string | undefined {
  const at = environment.subarray(0, FIRST.length).equals(FIRST) ? -1 : environment.indexOf(LATER);
  if (at < 0 && !environment.subarray(0, FIRST.length).equals(FIRST)) return undefined;
  const start = at + LATER.length;
  const end = environment.indexOf(0, start);
  return environment.toString('latin1', start, end < 0 ? environment.length : end);
}

/** The number of the kernel's own thread that starts its others, where they are shown: in a container it may be an app's. */
const KERNEL = 2;

/** Whether a process that has no environment is a thread of the kernel's, which never gets one. */
const isKernels = (pid: number, { parent }: ProcessStat): boolean =>
  (pid === KERNEL || parent === KERNEL) &&
  readProc(`/proc/${KERNEL}/comm`)?.toString('latin1') === 'kthreadd\n';

/** Milliseconds of the pauses before further looks at a process that is between two programs. */
const PAUSES = [1, 2, 4, 8, 16, 32, 64, 128];
/** This many looks at once at a process that has arguments and no environment show that its program was given none. */
const LOOKS = 4;

/** Processes that had no program after all looks, by number and start: the next scan does not wait for them. */
let without = new Set<string>();

/**
 * The environment of a process; undefined if it is not ours to read. `between`: it has no program now, as in the middle of
 * execve(2), where the kernel shows neither arguments nor environment.
 */
function environmentOf(pid: number): Buffer | 'between' | undefined {
  let environment: Buffer | undefined;
  for (let looks = 0; looks < LOOKS; looks += 1) {
    environment = readProc(`/proc/${pid}/environ`);
    if (environment?.length !== 0) break;
    // With arguments the new program is there, and the environment may have come since the look.
    if (readProc(`/proc/${pid}/cmdline`)?.length === 0) return 'between';
  }
  return environment;
}

/** Only Linux shows the environment of every process of ours. */
async function scanMarked(): Promise<readonly MarkedProcess[]> {
  if (process.platform !== 'linux') return [];
  const marked: MarkedProcess[] = [];
  let between = new Map<number, string>();
  const look = (pid: number): void => {
    // A daemon that an app has started inherited the app's mark. It is not a process of the app.
    if (pid === process.pid) return;
    const environment = environmentOf(pid);
    const mark = environment instanceof Buffer ? markIn(environment) : undefined;
    if (mark === undefined && environment !== 'between') return;
    const stat = system.statOf(pid);
    if (stat === undefined || isDead(stat)) return;
    if (mark !== undefined) marked.push({ pid, mark, stat });
    else if (!isKernels(pid, stat)) between.set(pid, `${pid} ${stat.startTime}`);
  };
  await eachProcess(look);
  for (const pause of PAUSES) {
    if ([...between.values()].every((process) => without.has(process))) break;
    await sleep(pause);
    const before = between;
    between = new Map();
    for (const pid of before.keys()) look(pid);
  }
  without = new Set(between.values());
  return marked;
}

const marked = new SharedScan(scanMarked);

/** All live processes that carry a mark, of any app, by a scan that begins after this call. */
export function markedProcesses(): Promise<readonly MarkedProcess[]> {
  return marked.result();
}
