// The identity of processes: a process is identified by the boot, its number and its start time, and signalled by its number.
import { hasProc, isDead, readProc, statOf } from './stat.js';

/** A process, distinguished from any later process with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since the boot, as the system writes it; null without /proc. */
  readonly startTime: string | null;
  readonly bootId: string | null;
}

let boot: string | null | undefined;

/** The number of this boot; null where the system has none. */
export function bootId(): string | null {
  boot ??= hasProc ? (readProc('/proc/sys/kernel/random/boot_id')?.toString('latin1').trim() ?? null) : null;
  return boot;
}

/** The identity of a process that lives now. */
export function identify(pid: number): ProcessIdentity {
  return { pid, startTime: statOf(pid)?.startTime ?? null, bootId: bootId() };
}

/** Whether there is such a process or, with a negative number, such a group; zombies count. */
export function exists(target: number): boolean {
  try {
    process.kill(target, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Signals a process or, with a negative number, a process group. Returns whether it could be signalled. */
export function sendSignal(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether that very process lives; a zombie does not. A process whose start time or boot is not known is a stranger:
 * its number may be another's by now, so it counts as gone.
 */
export function isAlive({ pid, startTime, bootId: boot }: ProcessIdentity): boolean {
  if (startTime === null || boot === null || boot !== bootId()) return false;
  try {
    const stat = statOf(pid);
    return stat !== undefined && stat.startTime === startTime && !isDead(stat);
  } catch {
    // We lack descriptors, for example: nothing says that it has ended.
    return exists(pid);
  }
}
