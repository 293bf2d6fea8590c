// The inputs of an app's state machine, and the effects that it asks for.
import type { AppConfig } from '../../model/app-config.js';
import type { AppState, Exit } from '../../model/app-state.js';

/** The reaction to a process that cannot be started. */
export type OnSpawnFailure = 'give-up' | 'try-again';

export type Input =
  | {
      readonly type: 'start';
      /** Nobody asked for this start, so an event tells that the app runs. */
      readonly automatic?: boolean;
      /** Default `give-up`: the caller is told. */
      readonly onFailure?: OnSpawnFailure;
      /** It is the second half of a Restart, which counts as one. */
      readonly counted?: boolean;
    }
  | ({ readonly type: 'stop' } & StopOptions)
  | {
      readonly type: 'spawned';
      readonly pid: number;
      readonly startedAt: number;
      readonly automatic: boolean;
    }
  | { readonly type: 'spawn-failed'; readonly onFailure: OnSpawnFailure; readonly error: string }
  /** Its whole process group is gone. */
  | { readonly type: 'exited'; readonly exit: Exit }
  /** Its processes hold more memory than they may. */
  | { readonly type: 'over-memory'; readonly pid: number }
  | { readonly type: 'retry' }
  | { readonly type: 'stable' }
  | { readonly type: 'stop-timeout' };

/** How an app is stopped. By default its owner does not want it to run from now on. */
export interface StopOptions {
  /** It is stopped although its owner wants it to run: for a shutdown or a Restart. */
  readonly keepWanted?: boolean;
  /** It is the first half of a Restart. */
  readonly restarting?: boolean;
}

/** How an app is started. */
export type StartOptions = Omit<Extract<Input, { type: 'start' }>, 'type'>;

export type TimerName = 'retry' | 'stable' | 'stop-timeout';

export type Effect =
  | { readonly do: 'spawn'; readonly automatic: boolean; readonly onFailure: OnSpawnFailure }
  | { readonly do: 'signal'; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | { readonly do: 'timer'; readonly name: TimerName; readonly ms: number }
  | { readonly do: 'cancel'; readonly name: TimerName }
  | { readonly do: 'publish'; readonly eventType: string; readonly data: Readonly<Record<string, unknown>> }
  | { readonly do: 'remove' };

/** The values that the machine reads besides its state. */
export interface Surroundings {
  readonly config: AppConfig;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** At least 0, less than 1. */
  readonly random: number;
}

/** The next state, and the effects to carry out now, in this order. */
export interface Step {
  readonly state: AppState;
  readonly effects: readonly Effect[];
}
