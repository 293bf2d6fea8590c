// Ends the processes that tests have left behind, which a planted fault can keep tests from doing.
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Ends every process that has a folder in its command line or in its environment: a daemon, its keeper and their apps
 * have an environment of their own, in which a path below the folder stands. Does nothing where there is no /proc.
 */
export function endLeftProcesses(folder: string): void {
  for (const pid of process.platform === 'linux' ? readdirSync('/proc') : [])
    if (/^\d+$/.test(pid) && Number(pid) !== process.pid && isOf(pid, folder)) end(Number(pid));
}

function isOf(pid: string, folder: string): boolean {
  try {
    return ['cmdline', 'environ'].some((file) =>
      readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(`${folder}/`),
    );
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
