// Processes: their children, and those that carry a mark of ours in their environment. Linux only.
import { readdirSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

/** The process ids of the children of a process. */
export function childrenOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

export function alive(pid) {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** The processes that were given this variable: apps of a daemon have the path of its socket. */
export function markedWith(variable) {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(variable) && alive(pid);
      } catch {
        return false;
      }
    });
}

/** Signals a process; false if it is gone. */
export function signal(pid, name) {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/** Waits for a condition; false if it does not come true in this time, in ms. */
export async function until(condition, deadline = 15_000) {
  const end = performance.now() + deadline;
  while (!(await condition())) {
    if (performance.now() > end) return false;
    await delay(10);
  }
  return true;
}

/** Whether a program can be run. */
export const isInstalled = (program) => !spawnSync(program, ['--version'], { stdio: 'ignore' }).error;
