// Timeouts: what may be set as one, and waiting for a promise no longer than that.
import { type Clock, LONGEST_TIMER, waitingClock } from './clock.js';
import { IpcError } from './protocol/errors.js';

/** The default of every timeout of an answer or a request, in ms; the original's. */
export const DEFAULT_TIMEOUT = 30_000;

/**
 * Checks a timeout that was set: milliseconds up to 2,147,483,647, fractions included; 0 or `Infinity` for none.
 *
 * @returns The milliseconds; 0 for none.
 * @throws {IpcError} `OPTION_INVALID`, its message naming the option and what it may be.
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
 * Waits for a promise, at most `ms` milliseconds; `Infinity`, and more than a timer holds, waits without a limit.
 *
 * @param onLate Called when the time is up, after what has arrived by then was read. The result is what it returns
 *   or throws.
 * @param clock Default: the real one, whose timer keeps the process alive while it waits.
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
 * Waits for a promise as a client or server does.
 *
 * @param ms How long; 0 for ever.
 * @param what What did not come, as the beginning of the error's sentence.
 * @param onLate Called before it rejects.
 * @throws {IpcError} `REQUEST_TIMEOUT`; or what the promise rejects with.
 */
export function within<T>(promise: Promise<T>, ms: number, what: string, onLate?: () => void): Promise<T> {
  return waitAtMost(promise, ms === 0 ? Infinity : ms, () => {
    onLate?.();
    throw new IpcError('REQUEST_TIMEOUT', `${what} within ${ms} ms (timeout)`);
  });
}
