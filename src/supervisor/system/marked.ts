// The processes of apps: each carries the mark of its run in its environment, which its descendants inherit.
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

/** The mark of a process; undefined if it has none, or if its environment is not ours to read. */
export function markOfProcess(pid: number): string | undefined {
  const environment = readProc(`/proc/${pid}/environ`);
  if (environment === undefined) return undefined;
  const at = environment.subarray(0, FIRST.length).equals(FIRST) ? -1 : environment.indexOf(LATER);
  if (at < 0 && !environment.subarray(0, FIRST.length).equals(FIRST)) return undefined;
  const start = at + LATER.length;
  const end = environment.indexOf(0, start);
  return environment.toString('latin1', start, end < 0 ? environment.length : end);
}

/** Only Linux shows the environment of every process of ours. */
async function scanMarked(): Promise<readonly MarkedProcess[]> {
  if (process.platform !== 'linux') return [];
  const marked: MarkedProcess[] = [];
  await eachProcess((pid) => {
    // A daemon that an app has started inherited the app's mark. It is not a process of the app.
    if (pid === process.pid) return;
    const mark = markOfProcess(pid);
    const stat = mark === undefined ? undefined : system.statOf(pid);
    if (mark !== undefined && stat !== undefined && !isDead(stat)) marked.push({ pid, mark, stat });
  });
  return marked;
}

const marked = new SharedScan(scanMarked);

/** All live processes that carry a mark, of any app, by a scan that begins after this call. */
export function markedProcesses(): Promise<readonly MarkedProcess[]> {
  return marked.result();
}
