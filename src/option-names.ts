// Refuses options that do not exist, because a misspelt one would be ignored.
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
