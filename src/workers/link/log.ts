// Logging from a thread, as the embedder's logger would: straight to its file if it is a plain one, else through main.
import { type Logger, type LogFn, pino, symbols } from 'pino';

/** What a thread needs to know of the embedder's logger. */
export type LogSettings = DirectSettings | ForwardedSettings;

/** The thread writes to the file itself: nothing of the logger's is code. */
interface DirectSettings {
  readonly kind: 'direct';
  readonly level: string;
  readonly bindings: Readonly<Record<string, unknown>>;
  readonly fd: number;
  readonly time: StandardTime;
}

/** The thread's lines go to main, where the logger itself logs them. */
interface ForwardedSettings {
  readonly kind: 'forwarded';
  /** The lowest level that is sent. */
  readonly level: string;
  readonly levels: Readonly<Record<string, number>>;
  readonly messageKey: string;
  readonly errorKey: string;
}

type StandardTime = keyof typeof pino.stdTimeFunctions;

/** What a logger keeps of its options; undefined throughout when it is another copy of pino's. */
interface Internals {
  readonly [symbols.streamSym]?: { readonly fd?: unknown };
  readonly [symbols.stringifiersSym]?: object;
  readonly [symbols.formattersSym]?: { readonly log?: unknown };
  readonly [symbols.lsCacheSym]?: Readonly<Record<number, string>>;
  readonly [symbols.serializersSym]?: Readonly<Record<string, unknown>>;
  readonly [symbols.hooksSym]?: { readonly logMethod?: unknown; readonly streamWrite?: unknown };
  readonly [symbols.mixinSym]?: unknown;
  readonly [symbols.nestedKeySym]?: string | null;
  readonly [symbols.messageKeySym]?: string;
  readonly [symbols.errorKeySym]?: string;
  readonly [symbols.endSym]?: string;
  readonly [symbols.timeSym]?: unknown;
  readonly [symbols.formatOptsSym]?: { stringify(value: unknown): string | undefined };
}

const internals = (log: Logger): Internals => log as unknown as Internals;

/** Names in a forwarded line: what a handler gave as fields, and what is to be put into its words. */
const FIELDS = '$fields';
const WORDS = '$words';

/** Main: what to tell a thread. Worker output to stdout would travel through main; a descriptor does not. */
export function logSettings(log: Logger): LogSettings {
  const { level } = log;
  const fd = internals(log)[symbols.streamSym]?.fd;
  const time = standardTime(log);
  if (typeof fd === 'number' && fd >= 0 && time !== undefined && isPlain(log))
    return { kind: 'direct', level, bindings: log.bindings(), fd, time };
  const levels = { ...log.levels.values };
  const [lowest = level] = Object.keys(levels).sort((a, b) => (levels[a] ?? 0) - (levels[b] ?? 0));
  return {
    kind: 'forwarded',
    // Where its levels count otherwise, main decides alone what is logged.
    level: countsUpwards(log) ? level : lowest,
    levels,
    messageKey: messageKey(log),
    errorKey: internals(log)[symbols.errorKeySym] ?? 'err',
  };
}

const messageKey = (log: Logger): string => internals(log)[symbols.messageKeySym] ?? 'msg';

/** Whether another logger with its level, bindings and time writes what it would write. */
function isPlain(log: Logger): boolean {
  const its = internals(log);
  const standard = Object.entries(pino.levels.values);
  const serializers = Reflect.ownKeys(its[symbols.serializersSym] ?? {});
  const hooks = its[symbols.hooksSym];
  return (
    // Redaction.
    Reflect.ownKeys(its[symbols.stringifiersSym] ?? {}).length === 0 &&
    serializers.length === 1 &&
    its[symbols.serializersSym]?.['err'] === pino.stdSerializers.err &&
    its[symbols.formattersSym]?.log === undefined &&
    hooks?.logMethod === undefined &&
    hooks?.streamWrite === undefined &&
    its[symbols.mixinSym] === undefined &&
    its[symbols.nestedKeySym] === null &&
    its[symbols.messageKeySym] === 'msg' &&
    its[symbols.errorKeySym] === 'err' &&
    its[symbols.endSym] === '}\n' &&
    log.msgPrefix === undefined &&
    Object.keys(log.levels.values).length === standard.length &&
    // The cache holds what the formatter of levels has made of each.
    standard.every(([, value]) => its[symbols.lsCacheSym]?.[value] === `{"level":${value}`) &&
    countsUpwards(log)
  );
}

function standardTime(log: Logger): StandardTime | undefined {
  const time = internals(log)[symbols.timeSym];
  const names = Object.keys(pino.stdTimeFunctions) as StandardTime[];
  return names.find((name) => pino.stdTimeFunctions[name] === time);
}

function countsUpwards(log: Logger): boolean {
  return Object.entries(log.levels.values).every(
    ([label, value]) => log.isLevelEnabled(label) === value >= log.levelVal,
  );
}

/** Main: logs a thread's line by the logger itself, so that all of the logger's applies: it redacts, formats, filters. */
export function forwardLine(log: Logger, line: string): void {
  try {
    const {
      level,
      [messageKey(log)]: message,
      [FIELDS]: { [WORDS]: words = [], ...fields } = {},
      ...bindings
    } = JSON.parse(line) as { level: number; [FIELDS]?: { [WORDS]?: unknown[] } } & Record<string, unknown>;
    const child = log.child(revived(bindings));
    const write = (child as unknown as Record<string, LogFn | undefined>)[labelOf(log, level)];
    // Undefined, it would be a message.
    if (message === undefined) write?.call(child, revived(fields));
    else write?.call(child, revived(fields), message as string, ...words);
  } catch (error) {
    // A formatter of the embedder's may not expect what a handler logs; that ends no daemon.
    const why = error instanceof Error ? error.message : String(error);
    process.emitWarning(`A worker's log line could not be logged: ${why}`, { code: 'BUNCTL_LOG_LINE' });
  }
}

/** Errors as errors, for the logger's serializers, hooks and mixins; see `told`. */
function revived(fields: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(fields).map(([key, value]) => [
    key,
    isToldError(value) ? revive(value) : value,
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

interface ToldError {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
}

function isToldError(value: unknown): value is ToldError {
  if (typeof value !== 'object' || value === null) return false;
  const { type, message, stack } = value as Partial<ToldError>;
  return [type, message, stack].every((part) => typeof part === 'string');
}

function revive({ type, message, stack, ...rest }: ToldError): Error {
  // The class's name is what a serializer tells as the error's type.
  const { [type]: Named = Error } = { [type]: class extends Error {} };
  return Object.defineProperty(Object.assign(new Named(message), rest), 'stack', { value: stack });
}

/** A level of which only a child in the thread knows counts as the next one below it. */
function labelOf({ levels: { labels, values } }: Logger, level: number): string {
  const known = labels[level];
  if (known !== undefined) return known;
  const below = Object.values(values).filter((value) => value <= level);
  return labels[Math.max(...(below.length > 0 ? below : Object.values(values)))] ?? 'info';
}

/** Thread: its logger. */
export function threadLogger(settings: LogSettings, name: string, forward: (line: string) => void): Logger {
  const { level } = settings;
  if (settings.kind === 'direct') {
    const { bindings, fd, time } = settings;
    return pino(
      { level, base: { ...bindings, thread: name }, timestamp: pino.stdTimeFunctions[time] },
      // Synchronous, so that the last lines before the thread's death are written.
      pino.destination({ fd, sync: true }),
    );
  }
  const { levels, messageKey, errorKey } = settings;
  return pino(
    {
      level,
      customLevels: levels,
      useOnlyCustomLevels: true,
      base: { thread: name },
      // Main's logger has its own.
      timestamp: false,
      messageKey,
      errorKey,
      // Apart, so that a field of any name is nothing else.
      nestedKey: FIELDS,
      serializers: { err: told },
      formatters: {
        log: (fields) => Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, told(value)])),
      },
      hooks: {
        logMethod(args, method) {
          method.apply(this, withWords(this as Logger, args, errorKey) as Parameters<LogFn>);
        },
      },
    },
    { write: forward },
  ) as unknown as Logger;
}

/** An error as JSON, whole: the logger's serializers may want one in a field of any name. */
function told(value: unknown): unknown {
  return value instanceof Error ? pino.stdSerializers.err(value) : value;
}

/**
 * The arguments of a log method with those that belong into the message among the fields: main puts them in, so
 * that they are redacted there.
 */
function withWords(log: Logger, args: readonly unknown[], errorKey: string): readonly unknown[] {
  const [first] = args;
  const [given, message, ...words] = typeof first === 'string' ? [{}, ...args] : args;
  if (words.length === 0 || typeof message !== 'string' || typeof given !== 'object') return args;
  const fields = given instanceof Error ? { [errorKey]: given } : given;
  return [{ ...fields, [WORDS]: words.map((word) => plain(log, word)) }, message];
}

/** A word as it survives JSON, after what a child in the thread redacts. */
function plain(log: Logger, word: unknown): unknown {
  if (typeof word !== 'object' || word === null) return typeof word === 'bigint' ? String(word) : word;
  if (word instanceof Error) return String(word);
  return JSON.parse(internals(log)[symbols.formatOptsSym]?.stringify(word) ?? 'null');
}
