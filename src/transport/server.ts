// The original's server: binds a path and gives out connections, one by one.
import type { Socket } from 'node:net';
import { claimEndpoint } from '../endpoint/claim.js';
import type { Claim } from '../endpoint/ports.js';
import { SocketSink } from '../writer/sink.js';
import { endpointOf } from '../protocol/endpoints.js';
import { IpcError } from '../protocol/errors.js';
import { errorFrame } from '../protocol/responses.js';
import { IpcConnection } from './connection.js';

/** Connections that wait for {@link IpcServer.accept}; one more is told so and closed. */
const MAX_WAITING = 512;

interface Acceptor {
  readonly resolve: (connection: IpcConnection) => void;
  readonly reject: (error: IpcError) => void;
}

/**
 * A listening endpoint, claimed as a daemon's is: `for await (const connection of server) …`.
 *
 * @example const server = await IpcServer.bind('/run/user/1000/my.sock');
 */
export class IpcServer {
  readonly #waiting: Socket[] = [];
  readonly #accepting: Acceptor[] = [];
  #claim: Claim | undefined;
  #closed: Promise<void> | undefined;

  private constructor(
    /** Where it listens: the path, or the pipe's name. */
    readonly path: string,
  ) {}

  /**
   * Claims an endpoint and listens on it.
   *
   * @throws {IpcError} `ENDPOINT_IN_USE` and the other `ENDPOINT_*`.
   */
  static async bind(path: string): Promise<IpcServer> {
    const server = new IpcServer(endpointOf(path, process.platform));
    server.#claim = await claimEndpoint(server.path, { onConnection: (socket) => server.#arrived(socket) });
    return server;
  }

  /**
   * Resolves with the next connection.
   *
   * @throws {IpcError} `CONNECTION_CLOSED` once the server is closed.
   */
  accept(): Promise<IpcConnection> {
    if (this.#closed) return Promise.reject(closed());
    const socket = this.#waiting.shift();
    if (socket) return Promise.resolve(new IpcConnection(socket));
    return new Promise((resolve, reject) => this.#accepting.push({ resolve, reject }));
  }

  /** Stops listening and removes the socket; connections that were accepted stay open. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Ends when the server is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<IpcConnection, void> {
    for (;;) {
      let connection: IpcConnection;
      try {
        connection = await this.accept();
      } catch (error) {
        if (this.#closed) return;
        throw error;
      }
      yield connection;
    }
  }

  async #close(): Promise<void> {
    for (const { reject } of this.#accepting.splice(0)) reject(closed());
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    await this.#claim?.release();
  }

  #arrived(socket: Socket): void {
    const next = this.#accepting.shift();
    if (next) {
      next.resolve(new IpcConnection(socket));
    } else if (this.#waiting.length >= MAX_WAITING || this.#closed) {
      refuse(socket);
    } else {
      // It may be gone before it is accepted; its error is told to whoever reads it then.
      socket.on('error', () => undefined);
      this.#waiting.push(socket.pause());
    }
  }
}

function closed(): IpcError {
  return new IpcError('CONNECTION_CLOSED', 'The server is closed');
}

function refuse(socket: Socket): void {
  socket.on('error', () => undefined);
  const sink = new SocketSink(socket);
  const message = `${MAX_WAITING} connections wait to be accepted already; try again later`;
  sink.write([errorFrame(new IpcError('TOO_MANY_CONNECTIONS', message))], () => sink.destroy());
}
