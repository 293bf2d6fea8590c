// The logger of a thread: its lines go to main, where the embedder's logger logs them, or straight to a descriptor.
import { type Logger, type LogFn, pino } from 'pino';
import { ERROR, errorToFields, FIELDS, type LogLine, type LogSettings, MESSAGE, WORDS } from '../link/log.js';

/** Makes a thread's logger; `forward` takes its lines, unless they go to a descriptor. */
export function threadLogger(settings: LogSettings, thread: string, forward: (line: string) => void): Logger {
  const { level, levels, direct } = settings;
  const common = { level, customLevels: levels, useOnlyCustomLevels: true };
  if (direct) {
    // Synchronous, so that the last lines before the thread's death are written.
    const destination = pino.destination({ fd: direct.fd, sync: true });
    // A full disk or a closed pipe costs lines, and not the thread.
    destination.on('error', () => undefined);
    return pino({ ...common, base: { ...direct.bindings, thread } }, destination) as unknown as Logger;
  }
  const words = new Words();
  return pino(
    {
      ...common,
      base: { thread },
      // Main's logger adds its own.
      timestamp: false,
      messageKey: MESSAGE,
      errorKey: ERROR,
      // Apart, so that a field of any name is only a field.
      nestedKey: FIELDS,
      serializers: { err: errorToFields },
      formatters: {
        log: (fields) =>
          Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, errorToFields(value)])),
      },
      hooks: {
        logMethod(args, method) {
          const write = (given: readonly unknown[]): void => method.apply(this, given as Parameters<LogFn>);
          write(words.apart(args, write));
        },
      },
    },
    { write: (line: string) => words.caught(line) || forward(line) },
  ) as unknown as Logger;
}

/** Keeps the values for a message's placeholders apart from the message, since main puts them in. */
class Words {
  #catching = false;
  #line = '';

  /** The arguments of a log method, with the values moved into the fields. */
  apart(args: readonly unknown[], write: (args: readonly unknown[]) => void): readonly unknown[] {
    const [first] = args;
    const [given, message, ...words] = typeof first === 'string' ? [{}, ...args] : args;
    if (words.length === 0 || typeof message !== 'string' || typeof given !== 'object') return args;
    const fields = given instanceof Error ? { [ERROR]: given } : given;
    return [{ ...fields, [WORDS]: words.map((word) => this.#plain(word, write)) }, message];
  }

  /** Takes a line that was written only to be caught. */
  caught(line: string): boolean {
    if (this.#catching) this.#line = line;
    return this.#catching;
  }

  /** A value that survives JSON. An object is logged and caught, so that the redaction of a child in the thread applies. */
  #plain(word: unknown, write: (args: readonly unknown[]) => void): unknown {
    if (typeof word === 'bigint' || word instanceof Error) return String(word);
    if (typeof word !== 'object' || word === null) return word;
    const isList = Array.isArray(word);
    this.#catching = true;
    try {
      write([isList ? { word } : word]);
    } finally {
      this.#catching = false;
    }
    const { [FIELDS]: fields } = JSON.parse(this.#line) as LogLine;
    return isList ? fields?.['word'] : (fields ?? {});
  }
}
