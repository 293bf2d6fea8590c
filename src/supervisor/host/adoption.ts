// Which processes the apps of a former daemon have left, found in one pass over all processes.
import type { AppRecord } from '../model/app-record.js';
import { runOfMark } from '../model/mark.js';
import { type MarkedProcess, markedProcesses } from '../system/marked.js';
import { isElsewhere, isHere } from '../system/place.js';
import { identityOf, isAlive, type ProcessIdentity } from '../system/processes.js';

/** The remains of an app: its process; or, if that has ended unobserved, other members of its process group. */
export interface LeftProcess {
  readonly leader: ProcessIdentity;
  readonly leaderLives: boolean;
}

/**
 * The left processes by the id of their app. An app that has left nothing is not in the map.
 *
 * @param scan Finds all processes of apps. It is called once at most, and not if all apps were stopped.
 */
export async function findLeftProcesses(
  records: readonly AppRecord[],
  scan: () => Promise<readonly MarkedProcess[]> = markedProcesses,
): Promise<Map<string, LeftProcess>> {
  const left = new Map<string, LeftProcess>();
  const unknown: AppRecord[] = [];
  for (const record of records) {
    const { process: leader } = record;
    if (leader !== null && isAlive(leader)) left.set(record.id, { leader, leaderLives: true });
    else if (mayHaveLeft(record)) unknown.push(record);
  }
  const marked = unknown.length > 0 ? await scan() : [];
  for (const record of unknown) {
    const found = unrecordedLeader(record, marked) ?? orphanedGroup(record, marked);
    if (found) left.set(record.id, found);
  }
  return left;
}

/** An app that was stopped when its record was written has left nothing; one of another machine, nothing here. */
function mayHaveLeft({ process: leader, state }: AppRecord): boolean {
  if (leader !== null && isElsewhere(leader)) return false;
  return leader !== null || (state.status !== 'Stopped' && state.status !== 'Backoff');
}

/**
 * A process that was spawned but is not in the record, because the daemon was killed in between or could not write. It
 * leads its session, and its run is later than that of the recorded process. If there are several, the first one is the
 * app: it started the others, helpers that made themselves leaders of sessions.
 */
function unrecordedLeader(record: AppRecord, marked: readonly MarkedProcess[]): LeftProcess | undefined {
  let found: { run: number; process: MarkedProcess } | undefined;
  for (const process of marked) {
    const run = runOfMark(process.mark, record);
    if (run === undefined || run.runs < (record.process === null ? 0 : 1)) continue;
    const { pid, stat } = process;
    if (stat.session !== pid || stat.group !== pid || (run.leader ?? pid) !== pid) continue;
    const earlier = found !== undefined && Number(stat.startTime) < Number(found.process.stat.startTime);
    if (found === undefined || run.runs > found.run || (run.runs === found.run && earlier))
      found = { run: run.runs, process };
  }
  if (!found) return undefined;
  const { pid, stat } = found.process;
  return { leader: identityOf(pid, stat.startTime), leaderLives: true };
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
