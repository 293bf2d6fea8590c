// The processes that an app has left behind: they carry its mark, of any of its runs, and are not in its process group.
import { milliseconds } from '../model/durations.js';
import { runOfMark } from '../model/mark.js';
import { markedProcesses } from '../system/marked.js';
import { bootId, type ProcessIdentity } from '../system/processes.js';
import { endProcesses } from './end-processes.js';
import type { HeldApp } from './held-app.js';

/** The survivors of an app, whatever its state. The group of a running app is not among them. */
export async function survivorsOf(app: HeldApp): Promise<ProcessIdentity[]> {
  const marked = await markedProcesses();
  const group = app.live ? app.record.process?.pid : undefined;
  return marked
    .filter(({ mark, stat }) => stat.group !== group && runOfMark(mark, app.record) !== undefined)
    .map(({ pid, stat }) => ({ pid, startTime: stat.startTime, bootId: bootId() }))
    .sort((a, b) => a.pid - b.pid);
}

/** Ends the survivors: SIGTERM, then SIGKILL after the app's stop timeout. Resolves with the numbers of those that live on. */
export async function endSurvivors(app: HeldApp): Promise<number[]> {
  const left = await endProcesses(() => survivorsOf(app), milliseconds(app.record.config.stop_timeout));
  return left.map(({ pid }) => pid);
}
