// How long an app waits before it is tried again.
import type { AppConfig } from '../model/app-config.js';

/** Longest delay, in ms, whatever is configured: timers hold some 24 days. */
const LONGEST_DELAY = 24 * 3600 * 1000;

/** min(base * multiplier^attempt, max), give or take jitter, never more than max nor than a day; in ms. */
export function backoffDelay(
  { base_delay_ms: base, max_delay_ms: most, multiplier, jitter }: AppConfig['backoff'],
  attempt: number,
  random: number,
): number {
  const max = Math.min(most, LONGEST_DELAY);
  // Nothing stays nothing, though what it is multiplied by grows past what a number can be.
  const delay = base === 0 ? 0 : Math.min(base * Math.max(1, multiplier) ** attempt, max);
  const spread = Math.min(1, Math.max(0, jitter)) * delay;
  return Math.floor(Math.min(max, Math.max(0, delay + (random * 2 - 1) * spread)));
}
