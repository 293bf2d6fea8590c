// Ends the processes that tests have left behind, which a planted fault can keep tests from doing.
import { readdirSync, readFileSync } from 'node:fs';

/** The variable by which the processes of a run are found. */
export const RUN_VARIABLE = 'PLANTED_RUN';

/** Ends every process that has the variable with this value. Does nothing where there is no /proc. */
export function endLeftProcesses(run: string): void {
  for (const pid of process.platform === 'linux' ? readdirSync('/proc') : [])
    if (/^\d+$/.test(pid) && Number(pid) !== process.pid && isOfRun(pid, run)) end(Number(pid));
}

function isOfRun(pid: string, run: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${RUN_VARIABLE}=${run}`);
  } catch {
    return false;
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
