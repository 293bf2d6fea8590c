// The original's connection, on the server's side: requests in by recv(), responses out by send().
import type { Socket } from 'node:net';
import { systemClock } from '../clock.js';
import { IpcError } from '../protocol/errors.js';
import { MAX_MESSAGE_SIZE } from '../protocol/frames.js';
import { parseJson } from '../protocol/json.js';
import { type IpcMessage, type IpcResponse, parseRequest } from '../protocol/messages.js';
import { errorResponse, responseFrame } from '../protocol/responses.js';
import { checkTimeout, DEFAULT_TIMEOUT, within } from '../timeout.js';
import { SocketSink } from '../writer/sink.js';
import { Writer } from '../writer/writer.js';
import { Incoming } from './incoming.js';
import { Loop } from './loop.js';

/** Response bytes past which send() waits until they have drained to half of it. */
const HIGH_WATER = 1024 * 1024;
/** A connection of a server has no subscription. */
const NO_EVENTS = {
  queueBytes: 1,
  highWater: 1,
  lowWater: 1,
  eventHold: 0,
  whenFull: 'drop-oldest',
} as const;

/**
 * One client's connection: `for await (const message of connection) await connection.send(…)`. The loop forgives the
 * client everything; with {@link recv} the caller deals with each error of the client.
 */
export class IpcConnection implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #writer: Writer;
  readonly #incoming: Incoming;
  #sending: (() => void)[] = [];
  #timeout = DEFAULT_TIMEOUT;
  /** Why nothing can be sent any more. */
  #outputEnd: IpcError | undefined;
  #closing: Promise<void> | undefined;
  readonly #socketClosed: Promise<void>;
  /** Resolves when everything was sent, or nothing can be. */
  readonly #flushed: Promise<void>;
  #onFlushed: () => void = () => undefined;

  /** @internal Connections come from `IpcServer.accept`. */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.#incoming = new Incoming(socket);
    this.#flushed = new Promise((resolve) => {
      this.#onFlushed = resolve;
    });
    this.#socketClosed = new Promise((resolve) => {
      if (socket.closed) resolve();
      else socket.once('close', () => resolve());
    });
    this.#writer = new Writer(
      new SocketSink(socket),
      { ...NO_EVENTS, writeHighWaterMark: HIGH_WATER },
      systemClock,
      {
        onResponsesDrained: () => this.#drained(),
        onFinished: () => this.#ended(closed('The connection is closed')),
        onBehind: () => undefined,
        onCut: () => undefined,
        onBytes: () => undefined,
      },
    );
    socket.on('data', (chunk) => this.#incoming.push(chunk));
    socket.on('end', () => this.#incoming.end(closed('The client ended the connection')));
    socket.on('error', (cause) => this.#ended(closed(`The connection broke: ${cause.message}`, cause)));
    socket.on('close', () => this.#ended(closed('The connection was closed')));
    socket.pause();
    // A socket that broke while it waited to be accepted does not say so again.
    if (socket.destroyed) this.#ended(closed('The connection was closed'));
  }

  /** Whether nothing can be sent any more. */
  get closed(): boolean {
    return this.#outputEnd !== undefined || this.#closing !== undefined;
  }

  /**
   * How long, in ms, each recv(), send() and close() may take; 0 or `Infinity` for ever. Default 30,000.
   *
   * @throws {IpcError} `OPTION_INVALID`.
   */
  setTimeout(ms: number): void {
    this.#timeout = checkTimeout(ms, 'timeout');
  }

  /**
   * Resolves with the client's next request. A malformed one rejects with `MESSAGE_INVALID`, and the connection goes
   * on. A recv() that timed out has lost nothing.
   *
   * @throws {IpcError} `MESSAGE_INVALID`, `REQUEST_TIMEOUT`, `FRAME_TOO_LARGE`, `FRAME_TRUNCATED`, `CONNECTION_CLOSED`.
   */
  recv(): Promise<IpcMessage> {
    return this.#receive(this.#timeout);
  }

  /**
   * Sends a response. Resolves at once while little waits to be sent, otherwise when enough has left.
   *
   * @throws {IpcError} `FRAME_TOO_LARGE`, `REPLY_INVALID`: nothing was sent, and the connection goes on;
   *   `REQUEST_TIMEOUT`: the response is queued; `CONNECTION_CLOSED`.
   */
  async send(response: IpcResponse): Promise<void> {
    if (this.#closing) throw closed('The connection is closed');
    this.#checkOpen();
    const frame = responseFrame(response, MAX_MESSAGE_SIZE);
    // A getter or a toJSON() of the response may have closed it.
    this.#checkOpen();
    this.#writer.respond(frame);
    if (!this.#writer.congested) return;
    const drained = new Promise<void>((resolve) => this.#sending.push(resolve));
    await within(drained, this.#timeout, 'The client did not read');
    this.#checkOpen();
  }

  /** Sends what is queued, then ends the connection; a client that does not read or end is cut after the timeout. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Requests until the client ends its half or is gone, or {@link close} is called; a client may be silent as long as
   * it likes. Nothing that the client does is thrown. A malformed message is answered with an `Error`. A frame over the
   * limit is answered in the same way and ends the loop; half a frame at the end also ends it.
   *
   * However the loop ends, it closes the connection. A loop that is left, also by `return()` or `throw()` while it
   * waits, ends as soon as everything that is queued has left; the client's end is not waited for.
   */
  [Symbol.asyncIterator](): AsyncGenerator<IpcMessage, void> {
    return new Loop({
      next: () => this.#request(),
      leave: () => Promise.race([this.#flushed, this.close()]),
    });
  }

  /** @param timeout In ms; 0 for ever. */
  async #receive(timeout: number): Promise<IpcMessage> {
    return parseRequest(parseJson(await this.#incoming.next(timeout)));
  }

  /** The next valid request; undefined after the last one, or when the client cannot be told what was wrong. */
  async #request(): Promise<IpcMessage | undefined> {
    for (;;) {
      try {
        return await this.#receive(0);
      } catch (error) {
        const code = error instanceof IpcError ? error.code : 'INTERNAL';
        if (code === 'CONNECTION_CLOSED' || code === 'FRAME_TRUNCATED') return undefined;
        const clients = code === 'MESSAGE_INVALID' || code === 'FRAME_TOO_LARGE';
        // What is not the client's fault is told to our caller, and to the client only that it happened.
        const told = await this.send(errorResponse(clients ? error : new IpcError('INTERNAL'))).then(
          () => true,
          () => false,
        );
        if (!clients) throw error;
        if (!told || code === 'FRAME_TOO_LARGE') return undefined;
      }
    }
  }

  async #close(): Promise<void> {
    this.#writer.finish();
    this.#incoming.close(closed('The connection is closed'));
    try {
      await within(this.#socketClosed, this.#timeout, 'The client did not read');
    } catch {
      this.#socket.destroy();
      await this.#socketClosed;
    }
  }

  #checkOpen(): void {
    if (this.#outputEnd) throw this.#outputEnd;
  }

  #ended(error: IpcError): void {
    this.#outputEnd ??= error;
    this.#onFlushed();
    this.#drained();
    this.#incoming.end(error);
  }

  #drained(): void {
    const sending = this.#sending;
    this.#sending = [];
    for (const resolve of sending) resolve();
  }
}

function closed(message: string, cause?: unknown): IpcError {
  return new IpcError('CONNECTION_CLOSED', message, { cause });
}
