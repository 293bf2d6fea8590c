// The clock in which the start times of processes are given.
import { TICKS_PER_SECOND } from './kernel.js';
import { system } from './system.js';

/** The time in clock ticks, like start times; 0 if the system does not tell it. */
export const ticksNow = (): number => system.ticksNow();

/** Milliseconds since a process with this start time was started; null if the start time is not known. */
export function ageOf(startTime: string | null): number | null {
  if (startTime === null || startTime === '') return null;
  return Math.max(0, ((ticksNow() - Number(startTime)) / TICKS_PER_SECOND) * 1000);
}
