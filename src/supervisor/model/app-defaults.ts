// The defaults of an app's configuration. Apart from the schema, so that a command does not load zod for them.
import type { Duration } from './durations.js';

/** How an app is restarted when its configuration does not say. */
export const DEFAULT_BACKOFF: {
  readonly base_delay_ms: number;
  readonly max_delay_ms: number;
  readonly multiplier: number;
  readonly jitter: number;
  readonly max_attempts: number | null;
  readonly exhausted_action: 'stop' | 'remove';
} = {
  base_delay_ms: 100,
  max_delay_ms: 30_000,
  multiplier: 2,
  jitter: 0.3,
  max_attempts: null,
  exhausted_action: 'stop',
};

/** How long an app may take to end after SIGTERM. */
export const DEFAULT_STOP_TIMEOUT: Duration = { secs: 10, nanos: 0 };

/** Kept for the original, which has the key; nothing here uses it. */
export const DEFAULT_KILL_TIMEOUT: Duration = { secs: 5, nanos: 0 };
