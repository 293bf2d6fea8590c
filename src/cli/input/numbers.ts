// Numbers as they are typed as the values of options.
import { usage } from '../terminal/exit.js';

/** Longest timeout in seconds: timers count milliseconds in 31 bits. */
const LONGEST_TIMEOUT = 2_147_483;

/** The value of --timeout, in seconds; 0 waits as long as it takes. */
export function seconds(text: string): number {
  const value = text === '0' ? 0 : positive(text, '--timeout');
  if (value > LONGEST_TIMEOUT)
    throw usage(`--timeout takes at most ${LONGEST_TIMEOUT} seconds; 0 waits without a limit`);
  return value;
}

/** A positive number. */
export function positive(text: string, option: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value))
    throw usage(`${option} needs a positive number, not "${text}"`);
  return value;
}

/** A whole number, 0 or more. */
export function whole(text: string, option: string): number {
  if (!/^\d{1,15}$/.test(text)) throw usage(`${option} needs a whole number, not "${text}"`);
  return Number(text);
}
