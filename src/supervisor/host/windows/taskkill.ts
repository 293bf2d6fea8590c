// Ends a process and its descendants on Windows.
import { execFile } from 'node:child_process';
import { win32 } from 'node:path';
import { systemFolder } from '../../system/system-folder.js';

/** How long, in ms, it may take. */
const PATIENCE = 5000;

/** Resolves with whether the system's `taskkill` has ended the process of this number, and its descendants. */
export function endTree(pid: number): Promise<boolean> {
  const cwd = systemFolder();
  const program = win32.join(cwd, 'taskkill.exe');
  return new Promise((resolve) => {
    const options = { cwd, timeout: PATIENCE, windowsHide: true };
    execFile(program, ['/PID', String(pid), '/T', '/F'], options, (error) => resolve(error === null));
  });
}
