// The kernel's clock, in which the start times of processes are given. It runs since the boot and cannot be set.
import { readFileSync } from 'node:fs';
import { TICKS_PER_SECOND } from './kernel.js';
import { statOf } from './stat.js';

/** Seconds since the boot, including time asleep; see proc_uptime(5). */
function uptime(): number {
  try {
    return Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) || 0;
  } catch {
    return 0;
  }
}

let ownStart: number | undefined;

/** Computed from our own start time: some containers count /proc/uptime from their own start, but start times from the boot. */
function uptimeByOwnStart(): number {
  ownStart ??= Number(statOf(process.pid)?.startTime ?? 0) / TICKS_PER_SECOND;
  return ownStart + process.uptime();
}

/** The time since the boot in clock ticks, like start times; 0 without /proc. */
export function ticksNow(): number {
  return Math.max(uptime(), uptimeByOwnStart()) * TICKS_PER_SECOND;
}

/** Milliseconds since a process with this start time was started; null if the start time is not known. */
export function ageOf(startTime: string | null): number | null {
  if (startTime === null || startTime === '') return null;
  return Math.max(0, ((ticksNow() - Number(startTime)) / TICKS_PER_SECOND) * 1000);
}
