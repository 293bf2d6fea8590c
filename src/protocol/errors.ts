// The only table of error codes, and the error class: a stable code, a sentence that says what to do, a cause.

/**
 * Every error that this package reports, by its stable code. The text describes the error in general;
 * the message of an {@link IpcError} describes the case at hand and, if possible, says what to do.
 */
export const ERROR_CODES = {
  // The wire
  FRAME_TOO_LARGE: 'a frame exceeds maximum allowed size',
  FRAME_TIMEOUT: 'a frame was begun but not completed in time',
  FRAME_TRUNCATED: 'the stream ended in the middle of a frame',
  MESSAGE_INVALID: 'a message is not valid UTF-8 JSON of a known shape',
  REPLY_INVALID: 'a handler returned something that is not a response',
  REPLY_TOO_LARGE: 'a response exceeds maximum allowed size',
  // Commands
  COMMAND_UNKNOWN: 'no handler is defined for this command',
  COMMAND_FAILED: 'the handler of this command failed',
  COMMAND_TIMEOUT: 'a command ran past its deadline',
  COMMAND_OUTCOME_UNKNOWN:
    'the worker running this command died; the command may or may not have taken effect',
  LANES_UNAVAILABLE: 'no worker can take commands at the moment',
  START_TIMEOUT: 'the daemon did not start in time',
  SHUTTING_DOWN: 'the daemon is shutting down',
  INTERNAL: 'the daemon failed at this by a fault of its own; its log says more',
  // Services
  SERVICE_UNAVAILABLE: 'the service shared by the handlers is not running',
  SERVICE_METHOD_UNKNOWN: 'the service has no such method',
  // Events
  PUBLISH_OVERRUN: 'more was published without awaiting than the window holds',
  PUBLISH_CLOSED: 'the broker is closed',
  SUBSCRIBER_TOO_SLOW: 'the subscriber did not read its events in time, and the daemon ended its connection',
  EVENT_INVALID: 'an event is not encodable',
  // Endpoints
  ENDPOINT_IN_USE: 'another daemon is live on this endpoint',
  ENDPOINT_NOT_A_SOCKET: 'the path is taken by something that is not a socket',
  ENDPOINT_TOO_LONG: 'the socket path is longer than the kernel accepts',
  ENDPOINT_UNUSABLE: 'the endpoint cannot be created or used',
  ENDPOINT_NOT_OURS: 'the socket or its directory belongs to another user',
  // Apps of the process manager
  APP_NOT_FOUND: 'there is no app of this name',
  APP_NOT_RUNNING: 'the app is not running',
  APP_NAME_INVALID: 'the name cannot be the name of an app',
  APP_CONFIG_INVALID: 'the configuration of the app is invalid',
  APP_CONFIG_DIFFERS: 'the app is running with another configuration',
  APP_SPAWN_FAILED: 'the process of the app could not be started',
  APP_STOP_FAILED: 'the app could not be stopped',
  APP_DELETE_FAILED: 'the files of the app could not be deleted',
  // Clients
  CONNECT_FAILED: 'no daemon answers on this endpoint',
  CONNECTION_CLOSED: 'the connection is closed',
  REQUEST_TIMEOUT: 'no response came in time',
  HEARTBEAT_MISSED: 'the daemon of a subscription has sent nothing for too long',
  COMMAND_REFUSED: 'the daemon answered with an error that has no code, as the original does',
  TOO_MANY_CONNECTIONS: 'the daemon has as many connections as it accepts',
  // Options
  OPTION_INVALID: 'an option is out of its range',
} as const;

/** One of the stable codes of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * A code as a program receives it: one of the table, or one that a handler gave to its own error, such as `ENOENT`.
 * Editors complete the codes of the table.
 */
export type AnyErrorCode = ErrorCode | (string & Record<never, never>);

const BRAND = Symbol.for('bunctl-ipc.IpcError');

/**
 * An error of this package. `instanceof IpcError` works across two loaded copies of the package; for a subclass,
 * `instanceof` works as for any other class.
 */
export class IpcError extends Error {
  override readonly name: string = 'IpcError';

  constructor(
    readonly code: AnyErrorCode,
    message: string = Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code as ErrorCode] : code,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    Object.defineProperty(this, BRAND, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== IpcError) return super[Symbol.hasInstance](value);
    try {
      return typeof value === 'object' && value !== null && BRAND in value;
    } catch {
      // A proxy that was revoked, or whose handler throws: who caught it must be able to ask what it is.
      return false;
    }
  }
}

/** An error as it is sent between threads: structured clone drops an Error's own fields. */
export interface ErrorData {
  readonly code: string | undefined;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/**
 * Turns any thrown value into data that any thread can read. Never throws, not even for `null`,
 * an object whose accessors throw, or an object that only looks like an error.
 */
export function errorToData(thrown: unknown): ErrorData {
  try {
    if (thrown === '') return plain('thrown value without a message');
    if (typeof thrown !== 'object' || thrown === null)
      return plain(typeof thrown === 'string' ? thrown : `thrown value: ${String(thrown)}`);
    const { code, name, message, errors, stack } = thrown as Readonly<Record<string, unknown>>;
    const isError = thrown instanceof Error || thrown instanceof IpcError;
    const kind = isError ? String(name) : 'Error';
    const nothingSaid = (): string =>
      messagesOf(errors) || `${isError ? kind : 'thrown object'} without a message`;
    return {
      code: typeof code === 'string' ? code : undefined,
      name: kind,
      message: typeof message === 'string' && message !== '' ? message : nothingSaid(),
      stack: typeof stack === 'string' ? stack : undefined,
    };
  } catch {
    return plain('thrown value that cannot be shown');
  }
}

/** The errors of an AggregateError that are told in place of its message. */
const MOST_TOLD = 5;

/** The messages of the errors in one, such as those of all addresses of a host: Node gives the whole no message of its own. */
function messagesOf(errors: unknown): string {
  if (!Array.isArray(errors)) return '';
  const messages = errors
    .slice(0, MOST_TOLD)
    .map((error: unknown) => (error instanceof Error ? error.message : ''))
    .filter((message) => message !== '');
  const more = errors.length - MOST_TOLD;
  return [...messages, ...(messages.length > 0 && more > 0 ? [`and ${more} more`] : [])].join('; ');
}

const plain = (message: string): ErrorData => ({ code: undefined, name: 'Error', message, stack: undefined });
