// The time after which a signal is a second one.
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when a signal is no copy of one that the daemon has acted on already: after a little more than 300 ms. */
export const notACopy = (): Promise<void> => sleep(320);
