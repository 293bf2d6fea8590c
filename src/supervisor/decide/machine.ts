// One app's life as a pure function: a state and an input give the next state and what is to be done.
import type { AppConfig } from '../model/app-config.js';
import type { AppState, Exit } from '../model/app-state.js';
import { milliseconds } from '../model/durations.js';
import { backoffDelay } from './backoff.js';

export type Input =
  /** `automatic`: nobody waits for it, so it is tried again when it fails. */
  | { readonly type: 'start'; readonly automatic?: boolean }
  | { readonly type: 'stop'; readonly forShutdown?: boolean }
  | {
      readonly type: 'spawned';
      readonly pid: number;
      readonly startedAt: number;
      readonly automatic: boolean;
    }
  | { readonly type: 'spawn-failed'; readonly automatic: boolean; readonly error: string }
  /** Its whole process group is gone. */
  | { readonly type: 'exited'; readonly exit: Exit }
  /** Its processes hold more memory than they may. */
  | { readonly type: 'over-memory'; readonly pid: number }
  | { readonly type: 'retry' }
  | { readonly type: 'stable' }
  | { readonly type: 'stop-timeout' };

export type TimerName = 'retry' | 'stable' | 'stop-timeout';

export type Effect =
  | { readonly do: 'spawn'; readonly automatic: boolean }
  | { readonly do: 'signal'; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | { readonly do: 'timer'; readonly name: TimerName; readonly ms: number }
  | { readonly do: 'cancel'; readonly name: TimerName }
  | { readonly do: 'publish'; readonly eventType: string; readonly data: Readonly<Record<string, unknown>> }
  | { readonly do: 'remove' };

/** What the machine looks at beside its state. */
export interface Surroundings {
  readonly config: AppConfig;
  /** Epoch, in ms. */
  readonly now: number;
  /** At least 0, less than 1. */
  readonly random: number;
}

/** An app that has run so long, in ms, has its restart attempts forgotten. */
export const STABLE_AFTER = 10_000;

export interface Step {
  readonly state: AppState;
  readonly effects: readonly Effect[];
}

const publish = (eventType: string, data: Readonly<Record<string, unknown>>): Effect => ({
  do: 'publish',
  eventType,
  data,
});
const statusChange = (state: string, more: object = {}): Effect =>
  publish('status_change', { state, ...more });

/** Inputs that do not fit the state change nothing. */
export function step(state: AppState, input: Input, around: Surroundings): Step {
  const none: Step = { state, effects: [] };
  switch (input.type) {
    case 'start':
      if (state.status !== 'Stopped' && state.status !== 'Backoff') return none;
      return {
        state: {
          ...state,
          status: 'Starting',
          wanted: 'running',
          attempt: 0,
          exhausted: false,
          retryAt: null,
        },
        effects: [
          { do: 'cancel', name: 'retry' },
          { do: 'spawn', automatic: input.automatic === true },
        ],
      };
    case 'stop':
      return stop(state, around, input.forShutdown ? state.wanted : 'stopped');
    case 'spawned':
      return {
        state: {
          ...state,
          status: 'Running',
          pid: input.pid,
          startedAt: input.startedAt,
          retryAt: null,
          lastError: null,
        },
        effects: [
          publish('process_started', { pid: input.pid }),
          ...(input.automatic ? [statusChange('running')] : []),
          { do: 'timer', name: 'stable', ms: STABLE_AFTER },
        ],
      };
    case 'spawn-failed':
      return spawnFailed(
        { ...state, pid: null, startedAt: null, lastError: input.error },
        input.automatic,
        around,
      );
    case 'exited':
      return exited(state, input.exit, around);
    case 'over-memory':
      if (state.status !== 'Running' || state.pid !== input.pid) return none;
      return end({ ...state, overLimit: true }, around);
    case 'retry':
      if (state.status !== 'Backoff') return none;
      return {
        state: { ...state, status: 'Starting', retryAt: null, restarts: state.restarts + 1 },
        effects: [statusChange('starting'), { do: 'spawn', automatic: true }],
      };
    case 'stable':
      return state.status === 'Running' ? { state: { ...state, attempt: 0 }, effects: [] } : none;
    case 'stop-timeout':
      return state.status === 'Stopping' ? { state, effects: [{ do: 'signal', signal: 'SIGKILL' }] } : none;
  }
}

function spawnFailed(state: AppState, automatic: boolean, around: Surroundings): Step {
  if (automatic) return failed(state, around, []);
  return { state: { ...state, status: 'Stopped', wanted: 'stopped' }, effects: [] };
}

/** Its process group is asked to end, and killed when its time is over. */
function end(state: AppState, { config }: Surroundings): Step {
  return {
    state: { ...state, status: 'Stopping' },
    effects: [
      { do: 'cancel', name: 'stable' },
      { do: 'signal', signal: 'SIGTERM' },
      { do: 'timer', name: 'stop-timeout', ms: milliseconds(config.stop_timeout) },
    ],
  };
}

function stop(state: AppState, around: Surroundings, wanted: AppState['wanted']): Step {
  switch (state.status) {
    case 'Running':
    case 'Stopping':
      return end({ ...state, wanted, overLimit: false }, around);
    case 'Backoff':
      return {
        state: { ...state, status: 'Stopped', wanted, retryAt: null, attempt: 0 },
        effects: [{ do: 'cancel', name: 'retry' }, statusChange('stopped')],
      };
    default:
      return { state: { ...state, wanted }, effects: [] };
  }
}

function exited(state: AppState, exit: Exit, around: Surroundings): Step {
  if (state.status !== 'Running' && state.status !== 'Stopping') return { state, effects: [] };
  const told = publish('process_exited', {
    exit_code: exit.code,
    ...(exit.signal === null ? {} : { signal: exit.signal }),
    ...(exit.unknown ? { exit_code_unknown: true } : {}),
  });
  const gone = { ...state, pid: null, startedAt: null, lastExit: exit, overLimit: false };
  const { restart_policy: policy } = around.config;
  const succeeded = exit.code === 0 && !exit.unknown && !state.overLimit;
  if (state.status === 'Stopping' && !state.overLimit)
    return {
      state: { ...gone, status: 'Stopped', attempt: 0 },
      effects: [{ do: 'cancel', name: 'stop-timeout' }, told, statusChange('stopped')],
    };
  const before: Effect[] = [{ do: 'cancel', name: state.overLimit ? 'stop-timeout' : 'stable' }, told];
  const why = state.overLimit ? { reason: 'max_memory' } : {};
  if (policy === 'no' || (policy === 'on-failure' && succeeded))
    return {
      state: { ...gone, status: 'Stopped', wanted: 'stopped', attempt: 0 },
      effects: [...before, statusChange('stopped', why)],
    };
  return failed(gone, around, [...before, statusChange('crashed', why)]);
}

/** It is to be tried again, if its attempts are not used up. */
function failed(state: AppState, { config, now, random }: Surroundings, before: readonly Effect[]): Step {
  const { max_attempts: most, exhausted_action: action } = config.backoff;
  if (most !== null && state.attempt >= most) {
    const over: Effect[] = [statusChange('backoff_exhausted')];
    if (action === 'remove')
      over.push(statusChange('removed', { reason: 'backoff_exhausted' }), { do: 'remove' });
    return {
      state: { ...state, status: 'Stopped', wanted: 'stopped', exhausted: true, retryAt: null },
      effects: [...before, ...over],
    };
  }
  const ms = backoffDelay(config.backoff, state.attempt, random);
  const attempt = state.attempt + 1;
  return {
    state: { ...state, status: 'Backoff', attempt, retryAt: now + ms },
    effects: [
      ...before,
      publish('process_restarting', { attempt, delay_ms: ms }),
      { do: 'timer', name: 'retry', ms },
    ],
  };
}
