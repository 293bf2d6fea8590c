// The process of a daemon, by what it says of itself.
import type { DaemonInfo } from '../../supervisor/model/messages.js';
import { identityOf, type ProcessIdentity } from '../../supervisor/system/processes.js';

/** A process of another container has another start than the process with its number here. */
export const processOf = ({ pid, start_time: start }: DaemonInfo): ProcessIdentity =>
  identityOf(pid, start ?? null);
