// Logging from a thread: straight to the logger's file descriptor, or line by line through main when it has none.
import { type Logger, pino, symbols } from 'pino';

/** What a thread needs to know of the embedder's logger. */
export interface LogSettings {
  readonly level: string;
  readonly bindings: Readonly<Record<string, unknown>>;
  /** Undefined when the logger writes to something else than a file; its lines go through main then. */
  readonly fd: number | undefined;
}

interface Destination {
  readonly fd?: unknown;
  write(line: string): unknown;
}

function destinationOf(log: Logger): Destination {
  return (log as unknown as Record<symbol, Destination>)[symbols.streamSym] ?? { write: () => undefined };
}

/** Main: what to tell a thread. Worker output to stdout would travel through main; a descriptor does not. */
export function logSettings(log: Logger): LogSettings {
  const { fd } = destinationOf(log);
  return {
    level: log.level,
    bindings: log.bindings(),
    fd: typeof fd === 'number' && fd >= 0 ? fd : undefined,
  };
}

/** Main: writes a thread's line to where the logger writes. */
export function forwardLine(log: Logger, line: string): void {
  destinationOf(log).write(line);
}

/** Thread: its logger. */
export function threadLogger(settings: LogSettings, name: string, forward: (line: string) => void): Logger {
  const options = { level: settings.level, base: { ...settings.bindings, thread: name } };
  // Synchronous, so that the last lines before the thread's death are written.
  return settings.fd === undefined
    ? pino(options, { write: forward })
    : pino(options, pino.destination({ fd: settings.fd, sync: true }));
}
