// The record of an app, which outlives the daemon: the supervisor decides one part, the host adds the process.
import type { ProcessIdentity } from '../system/processes.js';
import type { AppConfig } from './app-config.js';
import type { AppState } from './app-state.js';

/** Variables by name. */
export type Environment = Readonly<Record<string, string>>;

/** The part of a record that the supervisor decides. The host keeps it as it is. */
export interface DecidedRecord {
  readonly config: AppConfig;
  /** The environment that the app's own `env` overrides; null for the daemon's environment. Never shown. */
  readonly environment: Environment | null;
  readonly state: AppState;
  /** The absolute path of the file that declares it; null when it was described on the command line. */
  readonly source: string | null;
  /** The mode that was chosen in that file, such as `production`; null for none. */
  readonly mode: string | null;
}

/** Where an app prints: into FIFOs that the keeper reads, or straight into files. */
export type AppOutput = 'pipes' | 'files';

/** The record of an app, as its file holds it. */
export interface AppRecord extends DecidedRecord {
  readonly version: 1;
  readonly id: string;
  /** With the id it marks the app's processes; new with each spawn, written before it. */
  readonly nonce: string;
  /** How its last run prints; an older version, which does not say, had it print into files. */
  readonly output?: AppOutput | undefined;
  /** The process that runs, or the last one whose end was not seen. */
  readonly process: ProcessIdentity | null;
}
