// Which processes the apps of a former daemon have left, found in one pass over all processes.
import type { AppRecord } from '../model/app-record.js';
import { nonceOfMark, runOfMark } from '../model/mark.js';
import { type MarkedProcess, markedProcesses } from '../system/marked.js';
import { isElsewhere, isHere } from '../system/place.js';
import { identityOf, isAlive, type ProcessIdentity } from '../system/processes.js';
import { byApp } from './by-app.js';

/** The remains of an app: its process; or, if that has ended unobserved, other members of its process group. */
export interface LeftProcess {
  readonly leader: ProcessIdentity;
  readonly leaderLives: boolean;
  /** The nonce of its run, where that is later than the record: the next run counts from it. */
  readonly nonce?: string;
}

/**
 * The left processes by the id of their app. An app that has left nothing is not in the map.
 *
 * @param scan Finds all processes of apps. It is called once at most, and not if all apps have live processes.
 * @param unmarked Finds which of these apps have left members of their groups that carry no mark.
 */
export async function findLeftProcesses(
  records: readonly AppRecord[],
  scan: () => Promise<readonly MarkedProcess[]> = markedProcesses,
  unmarked: (records: readonly AppRecord[]) => Promise<ReadonlySet<string>> = async () => new Set(),
): Promise<Map<string, LeftProcess>> {
  const left = new Map<string, LeftProcess>();
  const unknown: AppRecord[] = [];
  for (const record of records) {
    const { process: leader } = record;
    if (leader !== null && isAlive(leader)) left.set(record.id, { leader, leaderLives: true });
    else if (mayHaveLeft(record)) unknown.push(record);
  }
  const marked = byApp(unknown.length > 0 ? await scan() : []);
  for (const record of unknown) {
    const own = marked.get(record.id) ?? [];
    const found = unrecordedLeader(record, own) ?? orphanedGroup(record, own);
    if (found) left.set(record.id, found);
  }
  const silent = await unmarked(unknown.filter(({ id }) => !left.has(id)));
  for (const { id, process: leader } of unknown)
    if (leader !== null && silent.has(id)) left.set(id, { leader, leaderLives: false });
  return left;
}

/** A process on another machine is not looked for here. An app at rest is looked for: a later start may not be written down. */
const mayHaveLeft = ({ process: leader }: AppRecord): boolean => leader === null || !isElsewhere(leader);

/**
 * A process that was spawned but is not in the record, because the daemon was killed in between or could not write. It
 * leads its session. If there are several, the first one is the app: it started the others, helpers that made
 * themselves leaders of sessions.
 */
function unrecordedLeader(record: AppRecord, marked: readonly MarkedProcess[]): LeftProcess | undefined {
  const first = firstUnseenRun(record);
  let found: { run: number; process: MarkedProcess } | undefined;
  for (const process of marked) {
    const run = runOfMark(process.mark, record);
    if (run === undefined || run.runs < first) continue;
    const { pid, stat } = process;
    if (stat.session !== pid || stat.group !== pid || (run.leader ?? pid) !== pid) continue;
    const earlier = found !== undefined && Number(stat.startTime) < Number(found.process.stat.startTime);
    if (found === undefined || run.runs > found.run || (run.runs === found.run && earlier))
      found = { run: run.runs, process };
  }
  if (!found) return undefined;
  const { pid, mark, stat } = found.process;
  return { leader: identityOf(pid, stat.startTime), leaderLives: true, nonce: nonceOfMark(mark) };
}

/**
 * The first run, counted from that of the record, whose process may be the app unseen. When the process of the recorded
 * run is written down, or its end, what else has its mark are helpers that it left behind.
 */
function firstUnseenRun({ process, state }: AppRecord): 0 | 1 {
  return process !== null || state.status === 'Stopped' || state.status === 'Backoff' ? 1 : 0;
}

/**
 * The group of a recorded process that has ended. Its members hold the app's ports, so the end of the group is the
 * app's end. Members are known by the mark of that run, because the group's number may belong to a stranger by now.
 */
function orphanedGroup(record: AppRecord, marked: readonly MarkedProcess[]): LeftProcess | undefined {
  const { process: leader } = record;
  if (leader === null || !isHere(leader)) return undefined;
  const remains = marked.some(
    ({ mark, stat }) => stat.group === leader.pid && runOfMark(mark, record)?.runs === 0,
  );
  return remains ? { leader, leaderLives: false } : undefined;
}
