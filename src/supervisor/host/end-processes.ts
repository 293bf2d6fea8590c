// Ends processes that are in no group of ours, and so can only be found by their mark.
import { setTimeout as sleep } from 'node:timers/promises';
import { sendSignal } from '../system/processes.js';

/** Milliseconds between two looks. */
const LOOK_EVERY = 100;
/** How long, in ms, a killed process may take to disappear. */
const KILLED_PATIENCE = 2000;

/** SIGTERM for all that `find` finds, SIGKILL after `patience` ms; resolves with those that live on. */
export async function endProcesses(find: () => number[], patience: number): Promise<number[]> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const pid of find()) sendSignal(pid, signal);
    const end = performance.now() + (signal === 'SIGTERM' ? patience : KILLED_PATIENCE);
    while (find().length > 0 && performance.now() < end) await sleep(LOOK_EVERY);
  }
  return find();
}
