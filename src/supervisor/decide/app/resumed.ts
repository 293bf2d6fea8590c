// What a new supervisor makes of the state of an app that it takes over.
import type { AppConfig } from '../../model/app-config.js';
import { type AppState, type Exit, UNKNOWN_EXIT } from '../../model/app-state.js';
import { longestDelay } from './backoff.js';
import type { Input } from './inputs.js';

/**
 * The changes to the state of an app whose process runs, whatever was recorded. One that was at rest by its record was
 * started since then: the daemon could not write that down.
 */
export const runsOn = ({ status, startedAt }: AppState, pid: number, now: number): Partial<AppState> => ({
  ...(status === 'Stopped' ? { wanted: 'running', resting: false, exhausted: false } : {}),
  status: 'Running',
  pid,
  startedAt: startedAt ?? now,
  retryAt: null,
  restarting: false,
  overLimit: false,
});

/** Stopped by a shutdown although it is wanted: it is to be up whenever the daemon is. */
export function isToBeUp({ wanted, resting }: AppState, config: AppConfig): boolean {
  const { restart_policy: policy, auto_start: autoStart } = config;
  const always = policy === 'always' || policy === 'unless-stopped' || autoStart;
  return wanted === 'running' && !resting && always;
}

/** The state of an app that has no process. */
export interface Resumed {
  readonly change?: Partial<AppState>;
  readonly input?: Input;
  /** Milliseconds until it is tried again. */
  readonly retryIn?: number;
  /** What is to be told of it. */
  readonly fault?: string;
}

const MAY_HAVE_RUN =
  'the daemon or its supervisor died while this app was being started, so it may have run; its policy is "no", so it is not started a second time by itself';

/** @param exit How its process ended, if that was seen. */
export function resumed(state: AppState, config: AppConfig, exit: Exit | null, now: number): Resumed {
  const ended: Input = { type: 'exited', exit: exit ?? UNKNOWN_EXIT };
  switch (state.status) {
    case 'Running':
    case 'Stopping':
      return { input: ended };
    case 'Backoff':
      return { retryIn: retryLeft(state, config, now) };
    case 'Starting':
      // It ran, and nobody was told.
      if (exit !== null) return { change: { status: 'Running' }, input: ended };
      if (config.restart_policy === 'no')
        return {
          change: { status: 'Running', lastError: MAY_HAVE_RUN },
          input: ended,
          fault: MAY_HAVE_RUN,
        };
      return { change: { status: 'Backoff', retryAt: now }, input: { type: 'retry' } };
    case 'Stopped':
      return {};
  }
}

/** How long, in ms, until an app is tried again: if the clock was set back, no longer than its longest delay. */
const retryLeft = ({ retryAt }: AppState, { backoff }: AppConfig, now: number): number =>
  Math.min(Math.max(0, (retryAt ?? 0) - now), longestDelay(backoff));
