// Timeouts: what may be set as one, and waiting for a promise no longer than that.
import { IpcError } from './protocol/errors.js';

/** How long, in ms, an answer or a request is waited for when nothing else is said, as the original does. */
export const DEFAULT_TIMEOUT = 30_000;

/** The longest that Node's timers can wait, in ms; one that is longer fires at once. */
const LONGEST = 2 ** 31 - 1;

/**
 * Checks a timeout that was set: milliseconds up to 2,147,483,647, fractions included; 0 or `Infinity` for none.
 *
 * @returns The milliseconds; 0 for none.
 * @throws {IpcError} `OPTION_INVALID`, its message naming the option and what it may be.
 */
export function checkTimeout(ms: unknown, option: string): number {
  if (ms === Infinity) return 0;
  if (typeof ms === 'number' && ms >= 0 && ms <= LONGEST) return ms;
  throw new IpcError(
    'OPTION_INVALID',
    `${option} must be a number of milliseconds, at most ${LONGEST}, or 0 or Infinity for none`,
  );
}

/**
 * Waits for a promise.
 *
 * @param ms How long; 0 for ever.
 * @param what Of what there was none, as the beginning of the error's sentence.
 * @param onLate Called before it rejects.
 * @throws {IpcError} `REQUEST_TIMEOUT`; or what the promise rejects with.
 */
export async function within<T>(
  promise: Promise<T>,
  ms: number,
  what: string,
  onLate?: () => void,
): Promise<T> {
  if (ms === 0) return promise;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      onLate?.();
      reject(new IpcError('REQUEST_TIMEOUT', `${what} within ${ms} ms (timeout)`));
    }, ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
