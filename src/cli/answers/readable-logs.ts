// Whether the log files of a daemon can be read here: not those of one in a container, for example.
import { accessSync, constants } from 'node:fs';
import type { DaemonInfo } from '../../supervisor/model/messages.js';
import { stateFiles } from '../../supervisor/state/paths.js';
import { isAlive } from '../../supervisor/system/processes.js';
import { processOf } from './daemon-process.js';

/** Whether a log can be read here, if it is there. */
export function isReadable({ path }: { readonly path: string }): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** The state directory of a daemon that runs here, if its log files can be read. */
export function readableState(daemon: DaemonInfo | undefined): string | undefined {
  if (daemon === undefined) return undefined;
  // Without a start time nothing tells its process from another container's.
  if (process.platform === 'linux' && !isAlive(processOf(daemon))) return undefined;
  try {
    accessSync(stateFiles(daemon.state).logs, constants.R_OK | constants.X_OK);
    return daemon.state;
  } catch {
    return undefined;
  }
}
