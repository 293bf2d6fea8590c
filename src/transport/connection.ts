// The original's connection, on the server's side: requests in by recv(), responses out by send().
import type { Socket } from 'node:net';
import { SocketSink } from '../writer/sink.js';
import { Writer } from '../writer/writer.js';
import { systemClock } from '../clock.js';
import { IpcError } from '../protocol/errors.js';
import { FrameDecoder, MAX_MESSAGE_SIZE } from '../protocol/frames.js';
import { encodeJsonFrame, parseJson } from '../protocol/json.js';
import { type IpcMessage, type IpcResponse, parseRequest } from '../protocol/messages.js';
import { checkResponse, errorResponse } from '../protocol/responses.js';
import { checkTimeout, DEFAULT_TIMEOUT, within } from '../timeout.js';

/** Response bytes past which send() waits until they have drained to half of it. */
const HIGH_WATER = 1024 * 1024;

interface Receiver {
  readonly resolve: (payload: Uint8Array) => void;
  readonly reject: (error: IpcError) => void;
}

/**
 * One client's connection: `for await (const message of connection) await connection.send(…)`. The loop forgives the
 * client everything; with {@link recv} each failing is the caller's to deal with.
 */
export class IpcConnection {
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder(MAX_MESSAGE_SIZE);
  readonly #writer: Writer;
  readonly #receiving: Receiver[] = [];
  readonly #sending: (() => void)[] = [];
  #timeout = DEFAULT_TIMEOUT;
  #broken = false;
  /** Why nothing more will come, and nothing can be sent any more. */
  #inputEnd: IpcError | undefined;
  #outputEnd: IpcError | undefined;
  #finished: Promise<void> | undefined;

  /** @internal Connections come from `IpcServer.accept`. */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.#writer = new Writer(
      new SocketSink(socket),
      { queueBytes: 1, highWater: 1, lowWater: 1, writeHighWaterMark: HIGH_WATER, eventHold: 0 },
      systemClock,
      {
        onResponsesDrained: () => this.#drained(),
        onFinished: () => this.#ended(new IpcError('CONNECTION_CLOSED', 'The connection is closed')),
        onBytes: () => undefined,
      },
    );
    socket.on('data', (chunk) => {
      // Past an end that is ours, or a frame that is too large, what comes is read away.
      if (this.#inputEnd) return;
      this.#decoder.push(chunk);
      this.#deliver();
    });
    socket.on('end', () => {
      this.#inputEnd ??= new IpcError('CONNECTION_CLOSED', 'The client ended the connection');
      this.#deliver();
    });
    socket.on('error', (cause) =>
      this.#ended(new IpcError('CONNECTION_CLOSED', `The connection broke: ${cause.message}`, { cause })),
    );
    socket.on('close', () => this.#ended(new IpcError('CONNECTION_CLOSED', 'The connection was closed')));
    socket.pause();
    // One that broke while it waited to be accepted says so no more.
    if (socket.destroyed) this.#ended(new IpcError('CONNECTION_CLOSED', 'The connection was closed'));
  }

  /** Whether nothing can be sent any more. */
  get closed(): boolean {
    return this.#outputEnd !== undefined;
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
   * Resolves with the client's next request. One that is malformed rejects with `MESSAGE_INVALID`, and the
   * connection goes on; one that timed out has lost nothing.
   *
   * @throws {IpcError} `MESSAGE_INVALID`, `REQUEST_TIMEOUT`, `FRAME_TOO_LARGE`, `FRAME_TRUNCATED`, `CONNECTION_CLOSED`.
   */
  recv(): Promise<IpcMessage> {
    return this.#receive(this.#timeout);
  }

  /**
   * Sends a response. Resolves at once while little waits to be sent, else when enough has left.
   *
   * @throws {IpcError} `FRAME_TOO_LARGE`, `REPLY_INVALID`: nothing was sent, the connection goes on;
   *   `REQUEST_TIMEOUT`: it is queued; `CONNECTION_CLOSED`.
   */
  async send(response: IpcResponse): Promise<void> {
    this.#checkOpen();
    this.#writer.respond(encodeJsonFrame(checkResponse(response), MAX_MESSAGE_SIZE));
    if (!this.#writer.congested) return;
    const room = new Promise<void>((resolve) => this.#sending.push(resolve));
    await within(room, this.#timeout, 'The client did not read');
    this.#checkOpen();
  }

  /** Sends what is queued, then ends the connection; a client that does not read is cut after the timeout. */
  close(): Promise<void> {
    this.#finished ??= this.#close();
    return this.#finished;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Requests until the client ends its half or is gone, or {@link close} is called; a client may be silent as long as
   * it likes. Nothing that the client does is thrown: a malformed message is answered with an `Error`, and so is a
   * frame over the limit, which ends the loop, as half a frame at the end does. However the loop ends, it closes the
   * connection.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<IpcMessage, void> {
    try {
      for (let message = await this.#request(); message !== undefined; message = await this.#request())
        yield message;
    } finally {
      await this.close();
    }
  }

  /** @param timeout In ms; 0 for ever. */
  async #receive(timeout: number): Promise<IpcMessage> {
    let receiver: Receiver | undefined;
    const payload = new Promise<Uint8Array>((resolve, reject) => {
      receiver = { resolve, reject };
      this.#receiving.push(receiver);
    });
    this.#deliver();
    const forget = (): void => {
      const at = this.#receiving.indexOf(receiver as Receiver);
      if (at >= 0) this.#receiving.splice(at, 1);
      if (this.#receiving.length === 0 && !this.#inputEnd) this.#socket.pause();
    };
    return parseRequest(parseJson(await within(payload, timeout, 'No whole request came', forget)));
  }

  /** The next request that is one; undefined when no more will come, or the client cannot be told what was wrong. */
  async #request(): Promise<IpcMessage | undefined> {
    for (;;) {
      try {
        return await this.#receive(0);
      } catch (error) {
        const { code } = error as IpcError;
        if (code === 'CONNECTION_CLOSED' || code === 'FRAME_TRUNCATED') return undefined;
        if (code !== 'MESSAGE_INVALID' && code !== 'FRAME_TOO_LARGE') throw error;
        const told = await this.send(errorResponse(error)).then(
          () => true,
          () => false,
        );
        if (!told || code === 'FRAME_TOO_LARGE') return undefined;
      }
    }
  }

  async #close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.#socket.closed) resolve();
      else this.#socket.once('close', () => resolve());
    });
    this.#writer.finish();
    // What the client still sends is read away, or its end would never be seen.
    this.#broken = true;
    this.#inputEnd = new IpcError('CONNECTION_CLOSED', 'The connection is closed');
    for (const { reject } of this.#receiving.splice(0)) reject(this.#inputEnd);
    this.#socket.resume();
    await within(closed, this.#timeout, 'The client did not read', () => this.#socket.destroy()).catch(
      () => closed,
    );
  }

  /** Gives whole frames to those who wait; while nobody does, nothing is read. */
  #deliver(): void {
    try {
      while (this.#receiving.length > 0 && !this.#broken) {
        const payload = this.#decoder.next();
        if (payload === undefined) break;
        this.#receiving.shift()?.resolve(payload);
      }
    } catch (error) {
      // The stream cannot be followed any more.
      this.#broken = true;
      this.#inputEnd = error as IpcError;
    }
    if (this.#receiving.length === 0) {
      if (!this.#inputEnd) this.#socket.pause();
      return;
    }
    if (this.#inputEnd) this.#rejectReceivers();
    else this.#socket.resume();
  }

  #checkOpen(): void {
    if (this.#outputEnd) throw this.#outputEnd;
  }

  #rejectReceivers(): void {
    const half = this.#inputEnd?.code === 'CONNECTION_CLOSED' && this.#decoder.midFrame;
    const error = half
      ? new IpcError('FRAME_TRUNCATED', 'The client ended the connection in the middle of a frame')
      : (this.#inputEnd as IpcError);
    for (const { reject } of this.#receiving.splice(0)) reject(error);
  }

  #ended(error: IpcError): void {
    this.#outputEnd ??= error;
    this.#inputEnd ??= error;
    this.#drained();
    this.#deliver();
  }

  #drained(): void {
    for (const resolve of this.#sending.splice(0)) resolve();
  }
}
