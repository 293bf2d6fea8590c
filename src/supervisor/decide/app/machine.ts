// One app's life as a pure function: a state and an input give the next state and the effects.
import type { AppState, Exit, ExitReason } from '../../model/app-state.js';
import { milliseconds } from '../../model/durations.js';
import { backoffDelay } from './backoff.js';
import type { Effect, Input, Step, StopOptions, Surroundings } from './inputs.js';

/** After running this long, in ms, an app's restart attempts are forgotten. */
export const STABLE_AFTER = 10_000;

const publish = (eventType: string, data: Readonly<Record<string, unknown>>): Effect => ({
  do: 'publish',
  eventType,
  data,
});
const statusChange = (state: string, more: Readonly<Record<string, unknown>> = {}): Effect =>
  publish('status_change', { state, ...more });

/** Inputs that do not fit the state change nothing. */
export function step(state: AppState, input: Input, around: Surroundings): Step {
  const none: Step = { state, effects: [] };
  switch (input.type) {
    case 'start':
      return state.status === 'Stopped' || state.status === 'Backoff' ? start(state, input) : none;
    case 'stop':
      return stop(toBeStopped(state, input), around);
    case 'spawned':
      return spawned(state, input);
    case 'spawn-failed': {
      const failing: AppState = { ...state, pid: null, startedAt: null, lastError: input.error };
      if (input.onFailure === 'try-again') return tryAgain(failing, around, []);
      return { state: { ...failing, status: 'Stopped' }, effects: [] };
    }
    case 'exited':
      return state.status === 'Running' || state.status === 'Stopping'
        ? exited(state, input.exit, around)
        : none;
    case 'over-memory':
      if (state.status !== 'Running' || state.pid !== input.pid) return none;
      return end({ ...state, overLimit: true }, around);
    case 'retry':
      if (state.status !== 'Backoff') return none;
      return {
        state: { ...state, status: 'Starting', retryAt: null, restarts: state.restarts + 1 },
        effects: [statusChange('starting'), { do: 'spawn', automatic: true, onFailure: 'try-again' }],
      };
    case 'stable':
      return state.status === 'Running' ? { state: { ...state, attempt: 0 }, effects: [] } : none;
    case 'stop-timeout':
      return state.status === 'Stopping' ? { state, effects: [{ do: 'signal', signal: 'SIGKILL' }] } : none;
  }
}

function start(state: AppState, input: Extract<Input, { type: 'start' }>): Step {
  return {
    state: {
      ...state,
      status: 'Starting',
      wanted: 'running',
      resting: false,
      restarting: false,
      restarts: state.restarts + (input.counted ? 1 : 0),
      attempt: 0,
      exhausted: false,
      retryAt: null,
    },
    effects: [
      { do: 'cancel', name: 'retry' },
      { do: 'spawn', automatic: input.automatic === true, onFailure: input.onFailure ?? 'give-up' },
    ],
  };
}

function spawned(state: AppState, { pid, startedAt, automatic }: Extract<Input, { type: 'spawned' }>): Step {
  return {
    state: { ...state, status: 'Running', pid, startedAt, retryAt: null, lastError: null },
    effects: [
      publish('process_started', { pid }),
      ...(automatic ? [statusChange('running')] : []),
      { do: 'timer', name: 'stable', ms: STABLE_AFTER },
    ],
  };
}

/** Its process group is asked to end, and is killed when its time is over. */
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

/** What a stop changes in any state; the same state if that is nothing. */
function toBeStopped(state: AppState, { keepWanted = false, restarting = false }: StopOptions): AppState {
  const kept = keepWanted && state.restarting === restarting;
  return kept ? state : { ...state, restarting, wanted: keepWanted ? state.wanted : 'stopped' };
}

function stop(state: AppState, around: Surroundings): Step {
  switch (state.status) {
    case 'Running':
    case 'Stopping':
      return end({ ...state, overLimit: false }, around);
    case 'Backoff':
      return {
        state: { ...state, status: 'Stopped', retryAt: null, attempt: 0 },
        effects: [{ do: 'cancel', name: 'retry' }, statusChange('stopped')],
      };
    default:
      return { state, effects: [] };
  }
}

/** How many of the last runs ended before they were stable, if the app is tried again after another crash. */
export const unstableRuns = ({ status, attempt }: AppState): number =>
  status === 'Backoff' ? Math.max(0, attempt - 1) : 0;

function reasonOf({ status, overLimit }: AppState, { code, unknown, elsewhere }: Exit): ExitReason {
  if (overLimit) return 'max_memory';
  if (status === 'Stopping') return 'stop';
  if (unknown) return elsewhere ? 'elsewhere' : 'unknown';
  return code === 0 ? 'exit' : 'crash';
}

function exited(state: AppState, exit: Exit, around: Surroundings): Step {
  const reason = reasonOf(state, exit);
  const told = publish('process_exited', {
    exit_code: exit.code,
    ...(exit.signal === null ? {} : { signal: exit.signal }),
    ...(exit.unknown ? { exit_code_unknown: true } : {}),
    reason,
  });
  const gone: AppState = {
    ...state,
    pid: null,
    startedAt: null,
    overLimit: false,
    lastExit: exit,
    lastExitReason: reason,
  };
  if (reason === 'stop')
    return {
      state: { ...gone, status: 'Stopped', attempt: 0 },
      effects: [{ do: 'cancel', name: 'stop-timeout' }, told, statusChange('stopped')],
    };
  const before: Effect[] = [{ do: 'cancel', name: state.overLimit ? 'stop-timeout' : 'stable' }, told];
  const why = state.overLimit ? { reason } : {};
  const { restart_policy: policy } = around.config;
  if (policy === 'no' || (policy === 'on-failure' && reason === 'exit'))
    return {
      state: { ...gone, status: 'Stopped', resting: true, attempt: 0 },
      effects: [...before, statusChange('stopped', why)],
    };
  return tryAgain(gone, around, [...before, statusChange('crashed', why)]);
}

/** It is tried again later, unless its attempts are used up. */
function tryAgain(state: AppState, { config, now, random }: Surroundings, before: readonly Effect[]): Step {
  const { max_attempts: most, exhausted_action: action } = config.backoff;
  if (most !== null && state.attempt >= most) {
    const over: Effect[] = [statusChange('backoff_exhausted')];
    if (action === 'remove')
      over.push({ do: 'remove' }, statusChange('removed', { reason: 'backoff_exhausted' }));
    return {
      state: { ...state, status: 'Stopped', resting: true, exhausted: true, retryAt: null },
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
