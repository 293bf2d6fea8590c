// The functions of the process host that the supervisor may call on the main thread, and the host's reports.
import type { DaemonStats } from '../../running-daemon.js';
import type { TableOfProcesses } from '../system/facts.js';
import type { AppConfig } from './app-config.js';
import type { AppRecord, DecidedRecord, Environment } from './app-record.js';
import type { Exit } from './app-state.js';
import type { DeclaredFile, DeclaredOutcome } from './declared-file.js';
import type { ShutdownResult } from './messages.js';

/** Something that happened on the main thread. Sequence numbers grow without gaps. */
export type HostNotice = { readonly sequence: number } &
  /** The process group of this leader is gone. */
  (
    | { readonly type: 'exited'; readonly id: string; readonly pid: number; readonly exit: Exit }
    /** Stop all apps, then call `stopped`. */
    | { readonly type: 'shutdown' }
  );

/** One app as a new supervisor takes it over. */
export interface AppInventory {
  readonly record: AppRecord;
  /** Whether its process group lives. */
  readonly live: boolean;
  /** How its process ended, if that was seen. */
  readonly exit: Exit | null;
  /** Whether it prints straight into files. */
  readonly intoFiles: boolean;
}

/** A process that was started. */
export interface SpawnedApp {
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Sizes of its own output files, in bytes, before it wrote to them; null when the keeper reads what it prints. */
  readonly offsets: Readonly<Record<'stdout' | 'stderr', number>> | null;
}

/**
 * The functions of the process host. They are short, or only wait. The supervisor may die at any moment; the next one
 * begins with {@link inventory}.
 */
export interface HostFunctions {
  /** Every app, and the number of the notice after which the new supervisor goes on. */
  readonly inventory: () => Promise<{ readonly apps: readonly AppInventory[]; readonly sequence: number }>;
  /** Resolves with the notices after `sequence` once there are any. Earlier ones are forgotten. */
  readonly notices: (after: number) => Promise<readonly HostNotice[]>;
  /**
   * Checks whether a process could be started now. It looks at the folder, the program, the user, the size of arguments
   * and variables, and the log files of a known app.
   *
   * @throws {Error} with the same message as a spawn that fails for this reason.
   */
  readonly checkSpawn: (id: string, config: AppConfig, environment: Environment | null) => Promise<void>;
  /** Writes the record down, then starts the process. @throws {Error} saying why it cannot be started. */
  readonly spawn: (id: string, decided: DecidedRecord) => Promise<SpawnedApp>;
  /** Signals the app's process group; whether there was one. */
  readonly signal: (id: string, signal: 'SIGTERM' | 'SIGKILL') => boolean;
  /** Why an app that was told to end, and killed, still lives, as a sentence; null if nothing is known. */
  readonly whyItLives: (id: string) => string | null;
  /** Resolves when the record is on disk; rejects when it cannot be written, and is then tried again later. */
  readonly save: (id: string, decided: DecidedRecord) => Promise<void>;
  /** Deletes the files of a stopped app and forgets it. @throws {Error} when a file stays; then the app is not forgotten. */
  readonly remove: (id: string) => Promise<void>;
  /** The processes of any run of an app that live and are not in its process group, whatever its state. */
  readonly escaped: (id: string) => Promise<number[]>;
  /** The same of all apps that have any, with their ids, found in one pass. */
  readonly allEscaped: () => Promise<readonly (readonly [id: string, pids: readonly number[]])[]>;
  /**
   * Ends the processes of {@link escaped}: SIGTERM, then SIGKILL after the app's stop timeout. Resolves with those that
   * live on.
   *
   * @param lastRuns Only the survivors of this many of the last runs; default: of all runs.
   */
  readonly endEscaped: (id: string, lastRuns?: number) => Promise<number[]>;
  /** Where the keeper of the output listens, once one runs; null when apps print straight into files. */
  readonly keeper: () => Promise<string | null>;
  /** Resolves when all that an app has printed until now is in its log; null for all apps. */
  readonly syncOutput: (id: string | null) => Promise<void>;
  /** The generation of the log of each app, as in the keeper's events; null when no keeper tells it. */
  readonly generations: (ids: readonly string[]) => Promise<readonly number[] | null>;
  /** Empties an app's log. @throws {Error} saying why it cannot be. */
  readonly flushOutput: (id: string) => Promise<void>;
  /** All processes, for the supervisor's thread, which must start no program; see `SystemFacts.tableFrom`. */
  readonly processTable: () => Promise<TableOfProcesses>;
  /** Whether events have subscribers. */
  readonly listened: () => boolean;
  /** In a shutdown, what apps have left behind is ended after them; also in one that has begun. */
  readonly killEscaped: () => void;
  /** Whether that was asked; a supervisor that takes over in a shutdown goes on with it. */
  readonly killsEscaped: () => boolean;
  /** All apps are stopped, as the notice `shutdown` asked. */
  readonly stopped: () => void;
}

/** All functions of the daemon's main thread: those of the host, and what concerns the daemon as a whole. */
export interface MainFunctions extends HostFunctions {
  /** The file to be applied; null if there is no file, or after its outcomes were reported. */
  readonly declared: () => DeclaredFile | null;
  /** Reports the outcomes of the declared file. */
  readonly applied: (outcomes: readonly DeclaredOutcome[]) => void;
  /** The daemon's statistics. */
  readonly stats: () => DaemonStats;
  /** Asks the daemon to end, as SIGTERM does: the notice `shutdown` follows. */
  readonly shutDown: () => void;
  /** Whether the daemon is to end: a supervisor that takes over in a shutdown starts nothing. */
  readonly shuttingDown: () => boolean;
  /** Reports the result of the shutdown; call it before `stopped`. */
  readonly shutdownResult: (result: ShutdownResult) => void;
}
