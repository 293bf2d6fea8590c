// What travels between the handlers, the supervisor and the daemon that started them.
import type { AppConfig } from './app-config.js';
import type { AppState } from './app-state.js';

/** What the daemon gives its modules as `workerData`. */
export interface SupervisorData {
  readonly stateDirectory: string;
  readonly daemon: DaemonInfo;
}

/** What a daemon says about itself in each answer: `{"Data":{"data":…,"daemon":…}}`. */
export interface DaemonInfo {
  readonly version: string;
  readonly pid: number;
  readonly socket: string;
  readonly state: string;
  /** Epoch, in ms. */
  readonly started_at: number;
}

/** An app as the supervisor sees it now. */
export interface AppSnapshot {
  readonly id: string;
  readonly config: AppConfig;
  readonly state: AppState;
}
