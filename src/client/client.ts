// The client: requests answered in order, events kept apart, nothing left pending.
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { IpcError } from '../protocol/errors.js';
import type { IpcAnswer, IpcMessage, IpcResponse, SubscriptionType } from '../protocol/messages.js';
import { checkOptionNames, checkSignal } from '../option-names.js';
import { checkTimeout, waitAtMost, within } from '../timeout.js';
import { connectTo } from './connect.js';
import { Connection } from './connection.js';
import {
  type CloseOptions,
  type ConnectOptions,
  type RequestOptions,
  resolveDrain,
  type ResolvedOptions,
  resolveRequest,
} from './options.js';
import type { Subscription } from './subscription.js';

/** One connection to a daemon. Made by {@link IpcClient.connect}; `await using` closes it. */
export class IpcClient {
  readonly #connection: Connection;
  #requestTimeout: number;

  private constructor(
    socket: Socket,
    /** The path of the socket that it is connected to, or the name of the pipe. */
    readonly path: string,
    options: ResolvedOptions,
  ) {
    this.#connection = new Connection(socket, options);
    this.#requestTimeout = options.requestTimeout;
  }

  /**
   * Connects to the daemon on `path`; without a path, to the first daemon that answers on `defaultSocketPath()`, on
   * the other places where a daemon of this user may be, and on the original's.
   *
   * A socket is refused if its file or directory belongs to neither the user nor root. A daemon that is busy or is
   * just starting is tried again until `timeout`.
   *
   * @throws {IpcError} `CONNECT_FAILED`, `ENDPOINT_NOT_OURS`, `ENDPOINT_NOT_A_SOCKET`, `ENDPOINT_TOO_LONG`,
   *   `ENDPOINT_UNUSABLE`, `OPTION_INVALID`; or the signal's reason.
   */
  static async connect(path?: string, options: ConnectOptions = {}): Promise<IpcClient> {
    const { socket, path: reached, settings } = await connectTo(path, options);
    return new IpcClient(socket, reached, settings);
  }

  /** Whether the connection is over. */
  get closed(): boolean {
    return this.#connection.closed !== undefined;
  }

  /**
   * Resolves when the connection is over, with the reason: `CONNECTION_CLOSED`, `FRAME_TRUNCATED`,
   * `HEARTBEAT_MISSED`, what is thrown for an answer that cannot be read, or the code that the daemon sent. Never
   * rejects.
   */
  get whenClosed(): Promise<IpcError> {
    return this.#connection.whenClosed;
  }

  /**
   * Sends a request and resolves with its own `Success` or `Data`. Requests that are not awaited are pipelined
   * and answered in order. {@link send} and {@link recv} show an `Error` as a value instead.
   *
   * The daemon runs the requests of a connection one after the other. So the time of a request counts from its turn:
   * from the last answer before it, or from when it was sent; while an earlier request may still be waited for, it
   * is not late either. Requests without a timeout, given up, or sent by {@link send} do not count here, so that a
   * timeout always ends.
   *
   * @throws {AnswerError} The daemon's `Error`, with the daemon's code.
   * @throws {IpcError} `REQUEST_TIMEOUT`, `CONNECTION_CLOSED`, `FRAME_TOO_LARGE`, `OPTION_INVALID`; or the signal's
   *   reason. A request that timed out or was aborted may still take effect.
   */
  async request(message: IpcMessage, options: RequestOptions = {}): Promise<IpcAnswer> {
    const asked = resolveRequest(options, this.#requestTimeout);
    asked.signal?.throwIfAborted();
    return this.#connection.ask(message, asked);
  }

  /**
   * Sends a request whose answer is for {@link recv}, as the original's client does. Resolves when the kernel has
   * the bytes, so a loop of awaited sends goes at the pace of the daemon.
   *
   * @throws {IpcError} `CONNECTION_CLOSED`, `FRAME_TOO_LARGE`; `REQUEST_TIMEOUT` if the daemon does not read.
   */
  async send(message: IpcMessage): Promise<void> {
    const written = this.#connection.send(message);
    await within(written, this.#requestTimeout, 'The daemon did not read the request');
    // Answers are read between the turns of a loop that sends.
    await turn();
  }

  /**
   * The next frame for callers of {@link send}: answers, and events while there is no {@link subscribe}. A call
   * that timed out has lost nothing.
   *
   * @throws {IpcError} `REQUEST_TIMEOUT`, or the reason why the connection ended.
   */
  async recv(): Promise<IpcResponse> {
    return this.#connection.recv(this.#requestTimeout);
  }

  /**
   * How long, in ms, recv() and send() wait, and request() unless it is told otherwise; 0 or `Infinity` for ever.
   * Default 30,000.
   *
   * @throws {IpcError} `OPTION_INVALID`.
   */
  setTimeout(ms: number): void {
    this.#requestTimeout = checkTimeout(ms, 'timeout');
  }

  /**
   * Subscribes to events. A connection has one subscription. A second one ends the first when the daemon has
   * accepted it; until then events are the first one's, so that none is lost.
   *
   * @example for await (const { event_type, data } of client.subscribe({ AllEvents: { app_name: null } })) {}
   */
  subscribe(
    subscription: SubscriptionType,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Subscription {
    checkOptionNames(options, ['signal'], 'subscribe()');
    const signal = checkSignal(options.signal);
    return this.#connection.subscribe({ Subscribe: { subscription } }, this.#requestTimeout, signal);
  }

  /** An open connection keeps the process alive. Not any more after this. A recv() or a send() that waits still does. */
  unref(): this {
    this.#connection.keepAlive(false);
    return this;
  }

  /** Takes {@link unref} back. */
  ref(): this {
    this.#connection.keepAlive(true);
    return this;
  }

  /**
   * Ends the connection. What was sent reaches the daemon; requests without an answer reject with
   * `CONNECTION_CLOSED`. The daemon has up to a second to do what was sent before the connection is cut.
   *
   * With `drain`, answers are waited for first, those for {@link recv} included; meanwhile nothing new can be sent.
   *
   * @throws {IpcError} `OPTION_INVALID`.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const connection = this.#connection;
    const wait = resolveDrain(options);
    if (wait === 0 || this.closed) return connection.close();
    await waitAtMost(connection.drain(), wait, () => undefined);
    return connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
