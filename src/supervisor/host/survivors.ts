// The processes that an app has left behind: they carry its mark, of any of its runs, and are not in its process group.
import type { AppRecord } from '../model/app-record.js';
import { milliseconds } from '../model/durations.js';
import { runOfMark } from '../model/mark.js';
import { type MarkedProcess, markedProcesses } from '../system/marked.js';
import { identityOf, type ProcessIdentity } from '../system/processes.js';
import { byApp } from './by-app.js';
import { endProcesses } from './end-processes.js';
import type { HeldApp } from './held-app.js';

/**
 * The survivors of an app, whatever its state. The group of a running app is not among them.
 *
 * @param lastRuns Only those of this many of the last runs.
 */
export async function survivorsOf(app: HeldApp, lastRuns = Infinity): Promise<ProcessIdentity[]> {
  return survivorsAmong(await markedProcesses(), app, lastRuns);
}

/** The numbers of all processes that carry the mark of an app, of any of its runs. */
export async function processesOf(record: AppRecord): Promise<number[]> {
  const marked = await markedProcesses();
  return marked.filter(({ mark }) => runOfMark(mark, record) !== undefined).map(({ pid }) => pid);
}

/**
 * The apps that have survivors, by their ids, with the numbers of these; found in one pass.
 *
 * @param scan Finds all processes of apps.
 */
export async function allSurvivors(
  apps: readonly HeldApp[],
  scan: () => Promise<readonly MarkedProcess[]> = markedProcesses,
): Promise<[string, number[]][]> {
  const marked = byApp(await scan());
  const found = apps.map((app): [string, number[]] => [
    app.record.id,
    survivorsAmong(marked.get(app.record.id) ?? [], app).map(({ pid }) => pid),
  ]);
  return found.filter(([, pids]) => pids.length > 0);
}

function survivorsAmong(
  marked: readonly MarkedProcess[],
  app: HeldApp,
  lastRuns = Infinity,
): ProcessIdentity[] {
  const group = app.live ? app.record.process?.pid : undefined;
  return marked
    .filter(({ mark, stat }) => {
      const run = runOfMark(mark, app.record);
      // A run that has begun since then does not belong to this one.
      if (run === undefined || (app.closed && run.runs > 0)) return false;
      return run.runs > -lastRuns && stat.group !== group;
    })
    .map(({ pid, stat }) => identityOf(pid, stat.startTime))
    .sort((a, b) => a.pid - b.pid);
}

/** Ends the survivors: SIGTERM, then SIGKILL after the app's stop timeout. Resolves with the numbers of those that live on. */
export async function endSurvivors(app: HeldApp, lastRuns = Infinity): Promise<number[]> {
  const find = (): Promise<ProcessIdentity[]> => survivorsOf(app, lastRuns);
  const left = await endProcesses(find, milliseconds(app.record.config.stop_timeout));
  return left.map(({ pid }) => pid);
}

/** Kills the survivors of all these apps at once. Waits a little for their end. */
export async function killSurvivors(apps: readonly HeldApp[]): Promise<void> {
  await endProcesses(async () => {
    const marked = byApp(await markedProcesses());
    return apps.flatMap((app) => survivorsAmong(marked.get(app.record.id) ?? [], app));
  }, 0);
}
