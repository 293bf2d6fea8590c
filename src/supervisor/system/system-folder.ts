// The folder of Windows' own programs, which the daemon asks about processes.
import { win32 } from 'node:path';

/**
 * The folder of the programs of Windows. They run in it too: a process holds the folder that it runs in, and the one
 * that a daemon in the foreground was started from is not to be held by a program that outlives the daemon.
 */
export const systemFolder = (): string => win32.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32');
