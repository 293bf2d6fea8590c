// How long an app waits before it is tried again.
import type { AppConfig } from '../../model/app-config.js';

/** The longest delay, in ms, whatever is configured: a timer holds at most 24 days. */
const LONGEST_DELAY = 24 * 3600 * 1000;

/** The longest delay of an app, in ms. */
export const longestDelay = ({ max_delay_ms: most }: Pick<AppConfig['backoff'], 'max_delay_ms'>): number =>
  Math.min(most, LONGEST_DELAY);

/** min(base * multiplier^attempt, max) plus or minus jitter, but never more than max; in ms. */
export function backoffDelay(
  { base_delay_ms: base, max_delay_ms, multiplier, jitter }: AppConfig['backoff'],
  attempt: number,
  random: number,
): number {
  const max = longestDelay({ max_delay_ms });
  // 0 stays 0, although the power grows to Infinity and 0 * Infinity is NaN.
  const delay = base === 0 ? 0 : Math.min(base * Math.max(1, multiplier) ** attempt, max);
  const spread = Math.min(1, Math.max(0, jitter)) * delay;
  return Math.floor(Math.min(max, Math.max(0, delay + (random * 2 - 1) * spread)));
}
