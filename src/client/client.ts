// The client: requests answered in order, events kept apart, nothing left pending.
import type { Socket } from 'node:net';
import { candidateSocketPaths } from '../endpoint/default-path.js';
import { endpointOf, ORIGINAL_SOCKET } from '../protocol/endpoints.js';
import { IpcError } from '../protocol/errors.js';
import { FrameDecoder, HEADER_BYTES } from '../protocol/frames.js';
import { encodeJsonFrame, parseJson } from '../protocol/json.js';
import type { IpcAnswer, IpcMessage, IpcResponse, SubscriptionType } from '../protocol/messages.js';
import { checkResponse } from '../protocol/responses.js';
import { checkTimeout } from '../timeout.js';
import { usableCode } from './answer-error.js';
import { connectFirst } from './connect.js';
import { Inbox } from './inbox.js';
import { type ConnectOptions, type RequestOptions, type ResolvedOptions, resolveOptions } from './options.js';
import { Outgoing } from './outgoing.js';
import { type Answer, Requests } from './requests.js';
import { Subscription } from './subscription.js';

export class IpcClient {
  readonly #socket: Socket;
  readonly #decoder: FrameDecoder;
  readonly #outgoing: Outgoing;
  readonly #requests = new Requests();
  readonly #maxMessageSize: number;
  #requestTimeout: number;
  readonly #inbox = new Inbox();
  readonly #eventBuffer: number;
  #subscription: Subscription | undefined;
  #closed: IpcError | undefined;
  #paused = false;

  private constructor(
    socket: Socket,
    /** Where it is connected. */
    readonly path: string,
    options: ResolvedOptions,
  ) {
    this.#socket = socket;
    this.#outgoing = new Outgoing(socket);
    this.#maxMessageSize = options.maxMessageSize;
    this.#requestTimeout = options.requestTimeout;
    this.#eventBuffer = options.eventBuffer;
    this.#decoder = new FrameDecoder(this.#maxMessageSize);
    socket.on('error', (cause) =>
      this.#end(new IpcError('CONNECTION_CLOSED', `The connection broke: ${cause.message}`, { cause })),
    );
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('end', () => this.#ended());
    socket.on('close', () => this.#end(new IpcError('CONNECTION_CLOSED', 'The connection was closed')));
  }

  /**
   * Connects to the daemon on `path`, or without one to the first that answers of `defaultSocketPath()`, the
   * other places where a daemon of this user may be, and the original's.
   *
   * A socket of which the file or directory belongs to neither the user nor root is refused. A daemon that is
   * busy or just starting is tried again until `timeout`.
   *
   * @throws {IpcError} `CONNECT_FAILED`, `ENDPOINT_NOT_OURS`, `OPTION_INVALID`; or the signal's reason.
   */
  static async connect(path?: string, options: ConnectOptions = {}): Promise<IpcClient> {
    const settings = resolveOptions(options);
    const paths =
      path !== undefined
        ? [endpointOf(path, process.platform)]
        : [
            ...new Set([
              ...candidateSocketPaths(),
              ...(process.platform === 'win32' ? [] : [ORIGINAL_SOCKET]),
            ]),
          ];
    const connected = await connectFirst(paths, settings);
    return new IpcClient(connected.socket, connected.path, settings);
  }

  /** Whether the connection is over. */
  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /**
   * Sends a request and resolves with its own `Success` or `Data`. Requests that are not awaited are pipelined
   * and answered in order. {@link send} and {@link recv} show an `Error` as a value instead.
   *
   * @throws {AnswerError} The daemon's `Error`, with the daemon's code.
   * @throws {IpcError} `REQUEST_TIMEOUT`, `CONNECTION_CLOSED`, `FRAME_TOO_LARGE`, `OPTION_INVALID`; or the signal's reason.
   */
  request(message: IpcMessage, options: RequestOptions = {}): Promise<IpcAnswer> {
    return this.#request(message, options);
  }

  /**
   * Sends a request of which the answer is for {@link recv}, as the original's client does.
   *
   * @throws {IpcError} `CONNECTION_CLOSED`, `FRAME_TOO_LARGE`.
   */
  async send(message: IpcMessage): Promise<void> {
    this.#inbox.use();
    // No timeout: who does not receive waits for nothing.
    const sent = this.#frame(message);
    this.#requests
      .add(0, undefined, (answer, bytes) => this.#inbox.push(answer, bytes), false)
      .catch(() => undefined);
    this.#outgoing.write(sent);
    this.#resume();
  }

  /**
   * The next frame for whoever uses {@link send}: answers, and events while there is no {@link subscribe}. One
   * that timed out has lost nothing.
   *
   * @throws {IpcError} `REQUEST_TIMEOUT`, `CONNECTION_CLOSED` and why, `FRAME_TRUNCATED`, `FRAME_TOO_LARGE`, `REPLY_INVALID`.
   */
  async recv(): Promise<IpcResponse> {
    const next = this.#inbox.next(this.#requestTimeout);
    this.#resume();
    return next;
  }

  /**
   * How long, in ms, recv() waits, and request() when nothing else is said; 0 or `Infinity` for ever. Default 30,000.
   *
   * @throws {IpcError} `OPTION_INVALID`.
   */
  setTimeout(ms: number): void {
    this.#requestTimeout = checkTimeout(ms, 'timeout');
  }

  /**
   * Subscribes to events. There is one subscription a connection: a second one ends the first.
   *
   * @example for await (const { event_type, data } of client.subscribe({ AllEvents: { app_name: null } })) {}
   */
  subscribe(
    subscription: SubscriptionType,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Subscription {
    this.#subscription?.over();
    const host = {
      request: (message: IpcMessage, onAnswer?: (response: Answer) => void) =>
        this.#request(message, {}, onAnswer),
      onRoom: (from: Subscription) => {
        if (from.roomy) this.#resume();
      },
    };
    const created = new Subscription(host, { Subscribe: { subscription } }, this.#eventBuffer, signal);
    if (this.#closed) created.over(this.#closed);
    this.#subscription = created;
    return created;
  }

  /** Ends the connection; whatever is pending rejects with `CONNECTION_CLOSED`. */
  close(): Promise<void> {
    this.#end(new IpcError('CONNECTION_CLOSED', 'The client closed the connection'));
    if (this.#socket.closed) return Promise.resolve();
    return new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #request(
    message: IpcMessage,
    { timeout = this.#requestTimeout, signal }: RequestOptions,
    onAnswer?: (response: Answer, bytes: number) => void,
  ): Promise<IpcAnswer> {
    signal?.throwIfAborted();
    const patience = checkTimeout(timeout, 'timeout');
    const frame = this.#frame(message);
    const answer = this.#requests.add(patience, signal, onAnswer);
    this.#outgoing.write(frame);
    // While an answer is awaited the connection is read, whatever events wait.
    this.#resume();
    return answer;
  }

  #frame(message: IpcMessage): Uint8Array {
    if (this.#closed) throw this.#closed;
    const frame = encodeJsonFrame(message, this.#maxMessageSize);
    this.#outgoing.checkRoom(frame.byteLength);
    return frame;
  }

  #receive(chunk: Uint8Array): void {
    this.#decoder.push(chunk);
    try {
      for (let payload = this.#decoder.next(); payload; payload = this.#decoder.next()) {
        this.#dispatch(checkResponse(parseJson(payload)), payload.byteLength + HEADER_BYTES);
        if (this.#closed) return;
      }
    } catch (error) {
      this.#end(error as IpcError);
      return;
    }
    const full = this.#subscription?.full === true || this.#inbox.bytes >= this.#eventBuffer;
    if (full && !this.#requests.awaited && !this.#paused) {
      this.#paused = true;
      this.#socket.pause();
    }
  }

  #dispatch(response: IpcResponse, bytes: number): void {
    if ('Event' in response) {
      if (this.#subscription?.open) this.#subscription.receive(response.Event, bytes, this.#requests.awaited);
      else if (this.#inbox.used) this.#inbox.push(response, bytes);
    } else if (!this.#requests.answer(response, bytes)) {
      if (this.#inbox.used) this.#inbox.push(response, bytes);
      // Unasked: the daemon says why it will close.
      else if ('Error' in response)
        this.#end(
          new IpcError(
            usableCode(response.Error.code) ?? 'CONNECTION_CLOSED',
            `The daemon closed the connection: ${response.Error.message}`,
          ),
        );
    }
  }

  #ended(): void {
    const half = this.#decoder.midFrame;
    this.#end(
      new IpcError(
        half ? 'FRAME_TRUNCATED' : 'CONNECTION_CLOSED',
        half ? 'The daemon ended the connection in the middle of a frame' : 'The daemon ended the connection',
      ),
    );
  }

  #end(error: IpcError): void {
    if (this.#closed) return;
    this.#closed = error;
    this.#requests.rejectAll(error);
    this.#inbox.end(error);
    this.#subscription?.over(error);
    this.#socket.end();
    this.#socket.destroySoon();
    // A daemon that never reads would keep what is unsent, and with it the socket.
    if (this.#socket.writableLength > 0) setTimeout(() => this.#socket.destroy(), 1000).unref();
    this.#socket.resume();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }
}
