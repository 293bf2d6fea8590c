// The options of a client: their types, defaults and ranges.
import { IpcError } from '../protocol/errors.js';
import { MAX_MESSAGE_SIZE } from '../protocol/frames.js';
import { checkOptionNames, checkSignal } from '../option-names.js';
import { checkTimeout, DEFAULT_TIMEOUT } from '../timeout.js';

/**
 * Times in ms, at most 2,147,483,647, and 0 or `Infinity` for none; sizes in bytes, whole and more than 0. What is
 * out of its range is refused with `OPTION_INVALID`.
 */
export interface ConnectOptions {
  /** The time that connecting may take, retries included. Default 5000. */
  readonly timeout?: number | undefined;
  /**
   * The failures that are tried again until `timeout`: `'busy'`, a daemon that has more clients waiting than it can queue;
   * `'refused'`, also a socket without a listener, since a daemon may be about to replace it; `'absent'`, also
   * a path without a socket, for a daemon that was just told to start. Default `'refused'`.
   */
  readonly retry?: 'busy' | 'refused' | 'absent' | undefined;
  /** The time that an answer may take, counted from the turn of its request. Default 30,000. */
  readonly requestTimeout?: number | undefined;
  /** The largest payload in either direction. Default 10 MiB, which is also the maximum. */
  readonly maxMessageSize?: number | undefined;
  /**
   * Bytes, as frames, of events and of answers to send() that have come and were not taken. When it is full nothing
   * is read, so that the daemon waits or drops. Only while somebody waits for an answer does reading go on; then
   * the oldest events are dropped, counted and told, and answers to send() are kept. Default 1 MiB, at most 1 GiB.
   */
  readonly eventBuffer?: number | undefined;
  /**
   * While there is a subscription: how long the daemon may send nothing at all before the connection ends with
   * `HEARTBEAT_MISSED`. Our daemon sends a heartbeat every 20 s (`subscribers.heartbeat`), the original sends none;
   * give more than two intervals. Default 0, which is never.
   */
  readonly heartbeatTimeout?: number | undefined;
  /** Gives up connecting. */
  readonly signal?: AbortSignal | undefined;
}

export interface RequestOptions {
  /** In ms, as the times of {@link ConnectOptions}; 0 or `Infinity` for none. Default: the connection's `requestTimeout`. */
  readonly timeout?: number | undefined;
  /** Gives up waiting for the answer. The request may still take effect. */
  readonly signal?: AbortSignal | undefined;
}

/** The options with their defaults; 0 means no timeout. */
export type ResolvedOptions = {
  readonly [Name in Exclude<keyof ConnectOptions, 'signal'>]-?: NonNullable<ConnectOptions[Name]>;
} & Pick<ConnectOptions, 'signal'>;

/** The options of `IpcClient.close`. */
export interface CloseOptions {
  /** How long, in ms, answers are waited for before the connection ends. Default 0. */
  readonly drain?: number | undefined;
}

/**
 * Checks the options of close().
 *
 * @returns How long it waits for answers, in ms.
 * @throws {IpcError} `OPTION_INVALID`.
 */
export function resolveDrain(options: CloseOptions): number {
  checkOptionNames(options, ['drain'], 'close()');
  const { drain = 0 } = options;
  if (drain === Infinity)
    throw new IpcError('OPTION_INVALID', 'drain must have an end; give a number of milliseconds');
  return checkTimeout(drain, 'drain');
}

const CONNECT = Object.keys({
  timeout: true,
  retry: true,
  requestTimeout: true,
  maxMessageSize: true,
  eventBuffer: true,
  heartbeatTimeout: true,
  signal: true,
} satisfies Record<keyof ConnectOptions, true>);
const REQUEST = Object.keys({ timeout: true, signal: true } satisfies Record<keyof RequestOptions, true>);

/**
 * Checks the options of a request.
 *
 * @returns The timeout in ms, 0 for none; and the signal.
 * @throws {IpcError} `OPTION_INVALID`.
 */
export function resolveRequest(
  options: RequestOptions,
  fallback: number,
): { readonly timeout: number; readonly signal: AbortSignal | undefined } {
  checkOptionNames(options, REQUEST, 'request()');
  const { timeout = fallback, signal } = options;
  return { timeout: checkTimeout(timeout, 'timeout'), signal: checkSignal(signal) };
}

const RETRIES: readonly unknown[] = ['busy', 'refused', 'absent'] satisfies ConnectOptions['retry'][];
const GIB = 1024 ** 3;

/**
 * Fills in defaults.
 *
 * @throws {IpcError} `OPTION_INVALID`; its message names the option and the allowed values.
 */
export function resolveOptions(options: ConnectOptions): ResolvedOptions {
  checkOptionNames(options, CONNECT, 'connect()');
  const {
    timeout = 5000,
    retry = 'refused',
    requestTimeout = DEFAULT_TIMEOUT,
    maxMessageSize = MAX_MESSAGE_SIZE,
    eventBuffer = 1024 * 1024,
    heartbeatTimeout = 0,
    signal,
  } = options;
  if (!RETRIES.includes(retry))
    throw new IpcError('OPTION_INVALID', `retry must be one of ${RETRIES.join(', ')}`);
  return {
    timeout: checkTimeout(timeout, 'timeout'),
    retry,
    requestTimeout: checkTimeout(requestTimeout, 'requestTimeout'),
    maxMessageSize: checkSize(maxMessageSize, 'maxMessageSize', MAX_MESSAGE_SIZE),
    eventBuffer: checkSize(eventBuffer, 'eventBuffer', GIB),
    heartbeatTimeout: checkTimeout(heartbeatTimeout, 'heartbeatTimeout'),
    signal: checkSignal(signal),
  };
}

function checkSize(bytes: number, option: string, most: number): number {
  if (Number.isInteger(bytes) && bytes >= 1 && bytes <= most) return bytes;
  throw new IpcError('OPTION_INVALID', `${option} must be a whole number of bytes from 1 to ${most}`);
}
