// Timeouts: checks a timeout that was set, and waits for a promise at most that long.
import { type Clock, LONGEST_TIMER, waitingClock } from './clock.js';
import { IpcError } from './protocol/errors.js';

/** The default timeout for answers and requests, in ms. It is the original's. */
export const DEFAULT_TIMEOUT = 30_000;

/**
 * Checks a timeout that was set: milliseconds up to 2,147,483,647, fractions included; 0 or `Infinity` for no timeout.
 *
 * @returns The milliseconds; 0 for no timeout.
 * @throws {IpcError} `OPTION_INVALID`; its message names the option and the allowed values.
 */
export function checkTimeout(ms: unknown, option: string): number {
  if (ms === Infinity) return 0;
  if (typeof ms === 'number' && ms >= 0 && ms <= LONGEST_TIMER) return ms;
  throw new IpcError(
    'OPTION_INVALID',
    `${option} must be a number of milliseconds, at most ${LONGEST_TIMER}, or 0 or Infinity for none`,
  );
}

/**
 * Waits for a promise, at most `ms` milliseconds; without a limit if `ms` is `Infinity` or more than a timer can hold.
 *
 * @param onLate Called when the time is up, after the input that has arrived by then was read. Its return value or its
 *   error is the result.
 * @param clock Default: the real clock, whose timer keeps the process alive while it waits.
 */
export async function waitAtMost<T, L>(
  promise: Promise<T>,
  ms: number,
  onLate: () => L,
  clock: Clock = waitingClock,
): Promise<T | L> {
  if (ms > LONGEST_TIMER) return promise;
  let cancel = (): void => undefined;
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  try {
    return await Promise.race([promise, late.then(onLate)]);
  } finally {
    cancel();
  }
}

/**
 * Waits for a promise, as clients and servers wait for an answer.
 *
 * @param ms The timeout; 0 waits for ever.
 * @param what The beginning of the error's sentence: the thing that did not come.
 * @param onLate Called before it rejects.
 * @throws {IpcError} `REQUEST_TIMEOUT`; or the promise's own rejection.
 */
export function within<T>(promise: Promise<T>, ms: number, what: string, onLate?: () => void): Promise<T> {
  return waitAtMost(promise, ms === 0 ? Infinity : ms, () => {
    onLate?.();
    throw new IpcError('REQUEST_TIMEOUT', `${what} within ${ms} ms (timeout)`);
  });
}
