// The time after which a signal is a second one.
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when the next signal does not count as a copy of the last: after a little more than 300 ms. */
export const notACopy = (): Promise<void> => sleep(320);
