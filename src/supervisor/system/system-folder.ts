// The folder of Windows' own programs, which the daemon asks about processes.
import { win32 } from 'node:path';

/**
 * The folder of the programs of Windows. They also run in it, because a process holds the folder that it runs in. A
 * program that outlives a daemon in the foreground must not hold the folder from which that was started.
 */
export const systemFolder = (): string => win32.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32');
