// The format of a log line between a thread and main, and the settings of the embedder's logger that a thread gets.
import { pino } from 'pino';

/** The settings of the embedder's logger that a thread needs. */
export interface LogSettings {
  /** The lowest level that is worth a line. */
  readonly level: string;
  /** All levels by name. */
  readonly levels: Readonly<Record<string, number>>;
  /** With it, the thread writes its lines to this descriptor; without, main's logger logs them. */
  readonly direct?: { readonly fd: number; readonly bindings: Readonly<Record<string, unknown>> };
}

/**
 * A line on its way to main, as JSON. Beside these fields it has the bindings of the thread's logger and its children,
 * whatever their names: the names here begin with a `$`, so that they do not meet.
 */
export interface LogLine {
  readonly level: number;
  readonly [MESSAGE]?: string;
  readonly [FIELDS]?: {
    /** The error, if one was logged in place of fields. */
    readonly [ERROR]?: ErrorFields;
    /** Values for the placeholders of the message: main puts them in, so that its logger's redaction applies. */
    readonly [WORDS]?: readonly unknown[];
  } & Readonly<Record<string, unknown>>;
}

export const MESSAGE = '$message';
export const FIELDS = '$fields';
export const ERROR = '$error';
export const WORDS = '$words';

/** An error as JSON. */
export interface ErrorFields {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
}

/** Thread: an error as JSON, with all its fields; any other value as it is. */
export function errorToFields(value: unknown): unknown {
  return value instanceof Error ? pino.stdSerializers.err(value) : value;
}

/** Main: an error again, for the logger's serializers, hooks and mixins; any other value as it is. */
export function fieldsToError(value: unknown): unknown {
  if (!isErrorFields(value)) return value;
  const { type, message, stack, ...rest } = value;
  return Object.defineProperty(Object.assign(namedError(type, message), rest), 'stack', { value: stack });
}

/** An error of a class with this name, which a serializer shows as the error's type. */
export function namedError(name: string, message: string): Error {
  const { [name]: Named = Error } = { [name]: class extends Error {} };
  return new Named(message);
}

function isErrorFields(value: unknown): value is ErrorFields {
  if (typeof value !== 'object' || value === null) return false;
  const { type, message, stack } = value as Partial<ErrorFields>;
  return [type, message, stack].every((part) => typeof part === 'string');
}
