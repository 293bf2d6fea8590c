// Refuses options that do not exist, because a misspelt one would be ignored, and a signal that is none.
import { nearest } from './nearest.js';
import { IpcError } from './protocol/errors.js';

/**
 * @param given The options that a caller gave.
 * @param known The names that exist.
 * @param where The beginning of the sentence: the function that they were given to.
 * @throws {IpcError} `OPTION_INVALID`; its message has the name.
 */
export function checkOptionNames(given: unknown, known: readonly string[], where: string): void {
  if (typeof given !== 'object' || given === null)
    throw new IpcError(
      'OPTION_INVALID',
      `${where} takes its options as an object; it was given ${String(given)}`,
    );
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    const hint = meant === undefined ? `the options are ${known.join(', ')}` : `did you mean ${meant}?`;
    throw new IpcError('OPTION_INVALID', `${name} is not an option of ${where}; ${hint}`);
  }
}

/** @throws {IpcError} `OPTION_INVALID` for anything but an `AbortSignal` and undefined, `null` included. */
export function checkSignal(given: unknown): AbortSignal | undefined {
  if (given === undefined || given instanceof AbortSignal) return given;
  throw new IpcError('OPTION_INVALID', 'signal must be an AbortSignal; leave it out for none');
}
