// The messages between the handlers, the supervisor and the daemon that started them.
import type { Usage } from '../system/usage.js';
import type { AppConfig } from './app-config.js';
import type { Environment } from './app-record.js';
import type { AppState } from './app-state.js';

/** The `workerData` that the daemon gives its modules. */
export interface SupervisorData {
  readonly stateDirectory: string;
  readonly daemon: DaemonInfo;
}

/** The daemon's description of itself in each answer: `{"Data":{"data":…,"daemon":…}}`. */
export interface DaemonInfo {
  readonly version: string;
  readonly pid: number;
  readonly socket: string;
  readonly state: string;
  /** Milliseconds since the epoch. */
  readonly started_at: number;
  /** The start time of its process, in clock ticks since the boot; null if the system, or an older version, does not say. */
  readonly start_time?: string | null;
  /** The number of the daemon that died and that this one was started to replace; null if it was started by a command. */
  readonly replaces?: number | null;
}

/** An app as the supervisor sees it now. */
export interface AppSnapshot {
  readonly id: string;
  readonly config: AppConfig;
  readonly state: AppState;
  /** The file that declares it; null when it was described on the command line. */
  readonly source: string | null;
  /** The mode that was chosen in that file. */
  readonly mode: string | null;
  /** The names of the variables that it was started with beside its own; null when they are the daemon's. */
  readonly environmentNames: readonly string[] | null;
  /** Processes of any of its runs that have left its process group. */
  readonly escaped: readonly number[];
  /** How long, in ms, until it is tried again; null if it does not wait for that. */
  readonly retryIn: number | null;
  /** Whether it prints straight into files of its own. */
  readonly intoFiles: boolean;
  /** What its processes use together; null if it does not run, or if the system does not say. */
  readonly usage: Usage | null;
}

/** Which app a request means. */
export interface Addressed {
  /** As the request names it, for messages. */
  readonly name: string;
  readonly id: string;
}

/** The processes that have left the process group of an app. */
export interface Survivors {
  /** The processes that live on. */
  readonly escaped: readonly number[];
  /** The processes that were ended, as the request asked. */
  readonly ended: readonly number[];
}

/** The result of a request that changes an app. */
export interface Kept {
  /** Why its new state is not on disk; undefined if it is. */
  readonly unsaved: string | undefined;
}

export type StopResult = Survivors & Kept;

export interface StartRequest extends Addressed {
  readonly config: AppConfig;
  /** Undefined keeps the environment of an app that is known. */
  readonly environment: Environment | null | undefined;
  readonly source: string | null;
  readonly mode: string | null;
  /** An app that runs with another configuration is restarted with this one; otherwise it is refused. */
  readonly replace: boolean;
  /** Nothing is done; the result says what would be. */
  readonly dryRun: boolean;
}

export interface StartResult extends Kept {
  readonly action: 'started' | 'changed' | 'unchanged';
  /** Null for a process that has ended already. */
  readonly pid: number | null;
  /** Which keys differ from the configuration that the app had; see `configDifferences`. */
  readonly differs: readonly string[];
}

export interface RestartRequest extends Addressed {
  /** A new configuration, or undefined to keep the one that it has. */
  readonly config: AppConfig | undefined;
  readonly environment: Environment | undefined;
  readonly source: string | null | undefined;
  readonly mode: string | null | undefined;
  readonly killEscaped: boolean;
  /** An app that runs is left alone, and only one that does not is started. */
  readonly unlessRunning?: boolean;
}

export interface RestartResult extends Survivors, Kept {
  /** 0 for a process that has ended already. */
  readonly pid: number;
  readonly wasRunning: boolean;
  /** It ran and was left alone, as the request says. */
  readonly ranAlready?: boolean;
}

/** The result of a shutdown. */
export interface ShutdownResult {
  /** How many apps it stopped. */
  readonly stopped: number;
  /** Apps that did not end, with why. */
  readonly failed: readonly string[];
  /** Apps whose end is not on disk, with why. */
  readonly unsaved: readonly string[];
  /** The processes that apps left behind, by app. */
  readonly survivors: readonly (Survivors & { readonly app: string })[];
}
