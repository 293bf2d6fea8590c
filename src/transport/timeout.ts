// Waits for a promise, but not for ever.
import { IpcError } from '../protocol/errors.js';

/** Default of every timeout of the transport, in ms, as the original's. */
export const DEFAULT_TIMEOUT = 30_000;

/** @throws {IpcError} `REQUEST_TIMEOUT` after `ms` milliseconds; 0 waits for ever. `onLate` is called first. */
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

/** A timeout as it may be set: milliseconds, 0 for none. */
export function checkTimeout(ms: number): number {
  if (!(ms >= 0 && ms < 2 ** 31))
    throw new IpcError('OPTION_INVALID', 'A timeout is a number of milliseconds, 0 for none');
  return ms;
}
