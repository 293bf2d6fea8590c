// What a new supervisor makes of the state of an app that it takes over.
import type { AppConfig } from '../../model/app-config.js';
import type { AppState } from '../../model/app-state.js';

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

/** How long, in ms, until an app is tried again: if the clock was set back, no longer than its longest delay. */
export const retryLeft = ({ retryAt }: AppState, { backoff }: AppConfig, now: number): number =>
  Math.min(Math.max(0, (retryAt ?? 0) - now), backoff.max_delay_ms);
