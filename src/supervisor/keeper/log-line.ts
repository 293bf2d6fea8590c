// Writes a line into the daemon's own log, as the daemon writes them.
import { appendFileSync } from 'node:fs';

export type LogLevel = 'warn' | 'error';

/** Never throws: there is nowhere else to report. */
export function logLine(daemonLog: string, level: LogLevel, msg: string): void {
  const line = { level: level === 'warn' ? 40 : 50, time: new Date().toISOString(), pid: process.pid, msg };
  try {
    appendFileSync(daemonLog, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  } catch {
    // A full disk, for example.
  }
}
