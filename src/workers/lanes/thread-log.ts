// The log of threads on main: what they are told of the embedder's logger, and how it logs their lines.
import type { Logger, LogFn } from 'pino';
import { ERROR, FIELDS, fieldsToError, type LogLine, type LogSettings, MESSAGE, WORDS } from '../link/log.js';

/** Main's handling of a thread's log lines, and of its events that `publish()` refused. */
export interface ThreadLog {
  line(line: string): void;
  lost(lines: number, thread: string): void;
  refused(count: number, thread: string): void;
}

/** What to tell a thread. With `fd`, the thread writes its lines there by itself. */
export function logSettings(log: Logger, fd?: number): LogSettings {
  const { level } = log;
  const levels = { ...log.levels.values };
  const [lowest = level] = Object.keys(levels).sort((a, b) => (levels[a] ?? 0) - (levels[b] ?? 0));
  return {
    // Where levels count downwards, main alone decides what is logged.
    level: countsUpwards(log) ? level : lowest,
    levels,
    ...(fd === undefined ? {} : { direct: { fd, bindings: log.bindings() } }),
  };
}

function countsUpwards(log: Logger): boolean {
  return Object.entries(log.levels.values).every(
    ([label, value]) => log.isLevelEnabled(label) === value >= log.levelVal,
  );
}

/** Logs a thread's line by the embedder's logger, so that its redaction, formatters, hooks and levels apply. */
export function forwardLine(log: Logger, line: string): void {
  try {
    const { level, [MESSAGE]: message, [FIELDS]: given = {}, ...bindings } = JSON.parse(line) as LogLine;
    const { [ERROR]: error, [WORDS]: words = [], ...fields } = given;
    const child = log.child(withErrors(bindings));
    const write = (child as unknown as Record<string, LogFn | undefined>)[labelOf(log, level)];
    const first = error === undefined ? withErrors(fields) : fieldsToError(error);
    // A message that is undefined would be logged as one.
    if (message === undefined) write?.call(child, first);
    else write?.call(child, first, message, ...words);
  } catch (error) {
    // A formatter of the embedder's may not expect what a handler logs. That must not end the daemon.
    const why = error instanceof Error ? error.message : String(error);
    process.emitWarning(`A worker's log line could not be logged: ${why}`, { code: 'BUNCTL_LOG_LINE' });
  }
}

function withErrors(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, fieldsToError(value)]));
}

/** The level's name. A level that only a child in the thread knows counts as the next one below it. */
function labelOf({ levels: { labels, values } }: Logger, level: number): string {
  const known = labels[level];
  if (known !== undefined) return known;
  const below = Object.values(values).filter((value) => value <= level);
  return labels[Math.max(...(below.length > 0 ? below : Object.values(values)))] ?? 'info';
}
