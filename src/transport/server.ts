// The original's server: binds a path and gives out connections, one by one.
import type { Socket } from 'node:net';
import { systemClock } from '../clock.js';
import { claimEndpoint } from '../endpoint/claim.js';
import { endpointAt } from '../endpoint/default-path.js';
import { lastingPath } from '../endpoint/lasting-path.js';
import type { Claim } from '../endpoint/ports.js';
import { IpcError } from '../protocol/errors.js';
import { checkOptionNames } from '../option-names.js';
import { Queue } from '../queue.js';
import { Refusals } from '../refusals.js';
import { IpcConnection } from './connection.js';
import { Loop } from './loop.js';

/** The number of connections that may wait for {@link IpcServer.accept}; of further ones, 16 at a time get an Error, and all are closed. */
const MAX_WAITING = 512;

/** How {@link IpcServer.bind} listens. */
export interface ServerOptions {
  /**
   * Called with a fault of the endpoint while the server lives on: its file was replaced by something else,
   * or could not be bound again. Must not throw. Default: faults are not reported.
   */
  readonly onFault?: ((error: Error) => void) | undefined;
}

interface Acceptor {
  readonly resolve: (connection: IpcConnection | undefined) => void;
}

/**
 * A listening endpoint, claimed as a daemon's is: `for await (const connection of server) …`.
 *
 * @example const server = await IpcServer.bind('/run/user/1000/my.sock');
 */
export class IpcServer implements AsyncDisposable {
  readonly #waiting = new Queue<Socket>();
  readonly #accepting = new Queue<Acceptor>();
  readonly #refusals = new Refusals(systemClock);
  #claim: Claim | undefined;
  #closed: Promise<void> | undefined;

  private constructor(
    /** Where it listens: the absolute path, or the pipe's name. */
    readonly path: string,
  ) {}

  /**
   * Claims an endpoint and listens on it; works on the main thread and in a worker thread.
   *
   * @throws {IpcError} `ENDPOINT_IN_USE` and the other `ENDPOINT_*`; `OPTION_INVALID`.
   */
  static async bind(path: string, options: ServerOptions = {}): Promise<IpcServer> {
    checkOptionNames(options, ['onFault'], 'IpcServer.bind()');
    if (typeof path !== 'string') throw new IpcError('OPTION_INVALID', 'path must be a string');
    if (options.onFault !== undefined && typeof options.onFault !== 'function')
      throw new IpcError('OPTION_INVALID', 'onFault must be a function; leave it out for none');
    const server = new IpcServer(lastingPath(endpointAt(path)));
    server.#claim = await claimEndpoint(server.path, {
      onConnection: (socket) => server.#arrived(socket),
      onFault: (error) => options.onFault?.(error),
    });
    return server;
  }

  /**
   * Resolves with the next connection.
   *
   * @throws {IpcError} `CONNECTION_CLOSED` once the server is closed.
   */
  async accept(): Promise<IpcConnection> {
    const connection = await this.#accept().connection;
    if (!connection) throw new IpcError('CONNECTION_CLOSED', 'The server is closed');
    return connection;
  }

  /**
   * Stops listening and removes the socket; accepted connections stay open, waiting ones are closed.
   *
   * @throws {IpcError} `ENDPOINT_UNUSABLE` when the socket's file could not be removed; the server is closed then too.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Connections until the server is closed. A loop that is left ends at once, also by `return()` or `throw()` while
   * it waits; the server listens on, and another loop gets the next connection.
   */
  [Symbol.asyncIterator](): AsyncGenerator<IpcConnection, void> {
    let withdraw = (): void => undefined;
    return new Loop({
      next: () => {
        const accepting = this.#accept();
        withdraw = accepting.withdraw;
        return accepting.connection;
      },
      leave: async () => withdraw(),
    });
  }

  /** The next connection, undefined once the server is closed; `withdraw` gives the place in the queue up. */
  #accept(): { connection: Promise<IpcConnection | undefined>; withdraw: () => void } {
    const socket = this.#waiting.shift();
    if (socket || this.#closed) {
      const connection = socket && new IpcConnection(socket);
      return { connection: Promise.resolve(connection), withdraw: () => undefined };
    }
    let withdraw = (): void => undefined;
    const connection = new Promise<IpcConnection | undefined>((resolve) => {
      const acceptor = { resolve };
      this.#accepting.push(acceptor);
      withdraw = () => {
        if (this.#accepting.remove(acceptor)) resolve(undefined);
      };
    });
    return { connection, withdraw };
  }

  async #close(): Promise<void> {
    for (const { resolve } of this.#accepting.takeAll()) resolve(undefined);
    for (const socket of this.#waiting.takeAll()) socket.destroy();
    await this.#claim?.release();
  }

  #arrived(socket: Socket): void {
    if (this.#closed !== undefined || this.#waiting.length >= MAX_WAITING) {
      const message = `${MAX_WAITING} connections wait to be accepted already; try again later`;
      this.#refusals.refuse(socket, new IpcError('TOO_MANY_CONNECTIONS', message));
      return;
    }
    const next = this.#accepting.shift();
    if (next) {
      next.resolve(new IpcConnection(socket));
      return;
    }
    // It may be gone before it is accepted; its reader learns of the error then.
    socket.on('error', () => undefined);
    this.#waiting.push(socket.pause());
  }
}
