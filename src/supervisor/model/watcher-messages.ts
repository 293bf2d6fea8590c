// The messages from the daemon to the watcher, the process that starts it again where there is no keeper.
import type { DaemonCommand } from './keeper-messages.js';

export interface DaemonHello {
  readonly pid: number;
  /** How it is started again. */
  readonly again: DaemonCommand;
}

export interface ToWatcher {
  /** The daemon is there. When the channel ends before it has left, it has died. */
  readonly hello?: DaemonHello;
  /** The daemon ends as it was told to, and is not to be started again. */
  readonly leave?: true;
}
