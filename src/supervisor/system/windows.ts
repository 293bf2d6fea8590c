// The facts of Windows. Node tells nothing about processes there, so they come from a PowerShell, where there is one.
import type { SystemFacts } from './facts.js';
import { UNKNOWN } from './facts.js';
import { PowerShell } from './powershell.js';

/** @param tellStart Asks for the start time of a process. */
export function windows(tellStart: (pid: number) => Promise<string | null> = askPowerShell()): SystemFacts {
  return { ...UNKNOWN, tellsGroups: false, namesHaveCase: false, startTimeOf: tellStart };
}

function askPowerShell(): (pid: number) => Promise<string | null> {
  const shell = new PowerShell();
  return (pid) => shell.startTimeOf(pid);
}
