// A logger with the shape of pino's, which writes a line for what is worth a warning.

type Log = (...given: readonly unknown[]) => void;

const VALUES = { debug: 20, info: 30, warn: 40, error: 50 } as const;

export interface QuietLogger {
  readonly level: string;
  readonly levels: {
    readonly values: Readonly<Record<string, number>>;
    readonly labels: Readonly<Record<number, string>>;
  };
  readonly levelVal: number;
  child(): QuietLogger;
  bindings(): object;
  isLevelEnabled(label: keyof typeof VALUES): boolean;
  readonly debug: Log;
  readonly info: Log;
  readonly warn: Log;
  readonly error: Log;
}

/** Takes pino's arguments; a line goes to the destination's `write`. */
export function quietLogger(_options?: unknown, destination?: { write(line: string): unknown }): QuietLogger {
  const nothing = (): void => undefined;
  const line =
    (level: number): Log =>
    (_fields, message) => {
      destination?.write(JSON.stringify({ level, $message: message }));
    };
  const logger: QuietLogger = {
    level: 'warn',
    levelVal: VALUES.warn,
    levels: {
      values: VALUES,
      labels: Object.fromEntries(Object.entries(VALUES).map(([label, value]) => [value, label])),
    },
    child: () => logger,
    bindings: () => ({}),
    isLevelEnabled: (label) => VALUES[label] >= VALUES.warn,
    debug: nothing,
    info: nothing,
    warn: line(VALUES.warn),
    error: line(VALUES.error),
  };
  return logger;
}
