// The state of one app: its wanted state, its current state, and its last end. It is on both threads and on disk.

export type Status = 'Stopped' | 'Starting' | 'Running' | 'Stopping' | 'Backoff';

/** How a process ended. `unknown`: it was adopted, and only its parent could have learnt its code. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly unknown: boolean;
  /** Nor is it known that it ended: it ran on another machine or in another container. */
  readonly elsewhere?: boolean;
}

/** The end of a process that was not our child: only a parent learns how a process ended. */
export const UNKNOWN_EXIT: Exit = { code: null, signal: null, unknown: true };

/**
 * The reason why a process ended. `exit`: by itself with code 0; `crash`: by itself in any other way; `stop`: it was
 * told to end; `max_memory`: it held too much memory; `unknown`: its end was not observed; `elsewhere`: it ran on
 * another machine or in another container.
 */
export type ExitReason = 'exit' | 'crash' | 'stop' | 'max_memory' | 'unknown' | 'elsewhere';

export interface AppState {
  readonly status: Status;
  /** The state that its owner wants. Only commands change it; the behaviour of the app never does. */
  readonly wanted: 'running' | 'stopped';
  /** It ended by itself and is not restarted: its policy says so, or its attempts are used up. */
  readonly resting: boolean;
  /** A Restart has told its process to end, and is to start the next one: a new daemon does that if this one dies. */
  readonly restarting: boolean;
  /** It is being stopped because it held too much memory: its end counts as a crash. */
  readonly overLimit: boolean;
  readonly pid: number | null;
  /** Milliseconds since the epoch. */
  readonly startedAt: number | null;
  /** Automatic restarts, and Restarts while it ran. */
  readonly restarts: number;
  /** Automatic restarts since it was last stable. */
  readonly attempt: number;
  readonly exhausted: boolean;
  readonly lastExit: Exit | null;
  readonly lastExitReason: ExitReason | null;
  /** When it is tried again, in milliseconds since the epoch. */
  readonly retryAt: number | null;
  /** Why the last spawn failed; null after one that succeeded. */
  readonly lastError: string | null;
}

/** An app that was never started. */
export const STOPPED: AppState = {
  status: 'Stopped',
  wanted: 'stopped',
  resting: false,
  restarting: false,
  overLimit: false,
  pid: null,
  startedAt: null,
  restarts: 0,
  attempt: 0,
  exhausted: false,
  lastExit: null,
  lastExitReason: null,
  retryAt: null,
  lastError: null,
};
