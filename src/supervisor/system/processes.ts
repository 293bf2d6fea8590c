// The identity of processes: a process is identified by its place, its number and its start time, and signalled by its number.
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isHeld } from '../../endpoint/held-file.js';
import { here, isHere, type Place } from './place.js';
import { isDead } from './stat.js';
import { system } from './system.js';

/** A process, distinguished from any other process that ever has the same number, here or elsewhere. */
export interface ProcessIdentity extends Place {
  readonly pid: number;
  /** As in `ProcessStat`; null if the system does not tell it. */
  readonly startTime: string | null;
  /** A file that it, or a process that inherited it, holds open as long as it lives, where files can be held so. */
  readonly held?: string | undefined;
}

/** The identity of a process of this place. */
export function identityOf(pid: number, startTime: string | null): ProcessIdentity {
  return { pid, startTime, ...here() };
}

/** The identity of a process that lives now. */
export function identify(pid: number): ProcessIdentity {
  return identityOf(pid, system.statOf(pid)?.startTime ?? null);
}

/** Milliseconds of the pauses before further looks, when we lack descriptors or memory for one. */
const PAUSES = [10, 20, 40, 80, 160, 320];

/** As {@link identify}; looks again for a moment when it cannot be read. @throws {Error} when it cannot be read then. */
export async function identifyPatiently(pid: number): Promise<ProcessIdentity> {
  for (const pause of PAUSES) {
    try {
      return identify(pid);
    } catch {
      await sleep(pause);
    }
  }
  return identify(pid);
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

/** The user of a process that we may not signal; undefined where we may, or where there is none. */
export function userOutOfReach(pid: number): number | undefined {
  try {
    process.kill(pid, 0);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined;
    return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
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

/** How old, in ms, the facts may be by which the end of a process is noticed. Where they are a file, they are new. */
const POLL_AGE = 1000;

/**
 * Whether that very process lives, or one that inherited its file; a zombie does not. A process of another place, or whose start time is not known, is
 * a stranger: its number may be another's, so it counts as gone.
 *
 * Before a signal, ask {@link mayBeSignalled}.
 */
export function isAlive(process: ProcessIdentity): boolean {
  if (process.held !== undefined) return isHeld(process.held);
  try {
    return isProven(process, POLL_AGE);
  } catch {
    // We lack descriptors, for example: nothing says that it has ended.
    return exists(process.pid);
  }
}

/**
 * Whether it is certain that the number is that very process's, and that it lives.
 *
 * @throws {Error} when it cannot be read for our own lack of descriptors or memory.
 */
function isProven({ pid, startTime, ...place }: ProcessIdentity, maxAge: number): boolean {
  if (startTime === null || startTime === '' || !isHere(place)) return false;
  const stat = system.statOf(pid, maxAge);
  return stat !== undefined && stat.startTime === startTime && !isDead(stat);
}

/** As {@link isAlive}, for those who want to signal the process: without a proof it is not alive. */
export function mayBeSignalled(process: ProcessIdentity): boolean {
  try {
    return isProven(process, 0);
  } catch {
    return false;
  }
}

/** Whether a recorded process may still run here: nothing has shown its end, and it is not a stranger's. */
export function mayRunHere(process: ProcessIdentity): boolean {
  return process.held === undefined ? isHere(process) : isHeld(process.held);
}
