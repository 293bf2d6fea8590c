// Ends a process and its descendants on Windows.
import { execFile } from 'node:child_process';
import { win32 } from 'node:path';

/** How long, in ms, it may take. */
const PATIENCE = 5000;

/** Resolves with whether the system's `taskkill` has ended the process of this number, and its descendants. */
export function endTree(pid: number): Promise<boolean> {
  const program = win32.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'taskkill.exe');
  return new Promise((resolve) => {
    execFile(program, ['/PID', String(pid), '/T', '/F'], { timeout: PATIENCE, windowsHide: true }, (error) =>
      resolve(error === null),
    );
  });
}
