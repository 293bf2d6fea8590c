// Where the start time of a process is not told at once, it is written down when it is.
import type { Logger } from 'pino';
import { system } from '../../system/system.js';
import type { HeldApp } from '../held-app.js';

/** @param save Writes down the record of the app. */
export function learnStart(app: HeldApp, pid: number, save: () => Promise<void>, log: Logger): void {
  system
    .startTimeOf(pid)
    .then(async (start) => {
      if (start !== null && app.startedAt(pid, start)) await save();
    })
    .catch((err: unknown) =>
      log.warn({ err, app: app.record.id }, 'the start time of an app could not be written down'),
    );
}
