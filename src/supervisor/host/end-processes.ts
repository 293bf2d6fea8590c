// Ends processes that have left their process group, and so are only found by their mark.
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, mayBeSignalled, type ProcessIdentity, sendSignal } from '../system/processes.js';

/** Milliseconds between two polls. */
const PAUSE = 50;
/** How long, in ms, a killed process may take to disappear. */
const KILLED_PATIENCE = 2000;

/**
 * Ends all processes that `find` finds, and those that these start meanwhile: SIGTERM once for each, SIGKILL after
 * `patience` ms.
 *
 * @returns The processes that live on.
 */
export async function endProcesses(
  find: () => Promise<readonly ProcessIdentity[]>,
  patience: number,
): Promise<readonly ProcessIdentity[]> {
  const told = new Set<string>();
  const killAt = performance.now() + patience;
  const giveUpAt = killAt + KILLED_PATIENCE;
  for (;;) {
    const found = await find();
    const now = performance.now();
    if (found.length === 0 || now >= giveUpAt) return found;
    for (const process of found) {
      const key = `${process.pid} ${process.startTime}`;
      if (now >= killAt) signal(process, 'SIGKILL');
      else if (!told.has(key)) signal(process, 'SIGTERM');
      told.add(key);
    }
    const until = now < killAt ? killAt : giveUpAt;
    while (performance.now() < until && found.some(isAlive)) await sleep(PAUSE);
  }
}

function signal(process: ProcessIdentity, name: 'SIGTERM' | 'SIGKILL'): void {
  if (mayBeSignalled(process)) sendSignal(process.pid, name);
}
