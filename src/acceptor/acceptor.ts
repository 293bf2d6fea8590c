// Accepts connections, keeps them within their common bounds, drains them and stops them.
import type { Socket } from 'node:net';
import { type Tell, untold } from '../telemetry/diagnostics.js';
import { everyStep } from '../every-step.js';
import { IpcError } from '../protocol/errors.js';
import { Refusals } from '../refusals.js';
import { Connection } from './connection.js';
import type { ConnectionContext, ConnectionLimits } from './connection-context.js';
import type { ResponseWriter } from './ports.js';
import { SharedBound } from './shared-bound.js';
import { Sweep } from './sweep.js';

/** Receive buffers of all connections together, and their write queues together, in bytes each. */
export const TOTAL_BYTES = 256 * 1024 * 1024;
export interface AcceptorOptions<W extends ResponseWriter> extends Pick<
  ConnectionContext<W>,
  'clock' | 'dispatcher' | 'createWriter'
> {
  readonly limits: ConnectionLimits & { readonly max: number };
  readonly tell?: Tell;
  /** Something in the daemon threw; the connection it happened to, if it was one, ends, and no other. */
  onFault(error: unknown, connectionId?: number): void;
}

/** How full the queues of connections are. */
export interface ConnectionQueues {
  /** The figures of the connection that holds the most, in bytes and commands. */
  readonly requestBytes: number;
  readonly commands: number;
  readonly responseBytes: number;
  /** Refused clients that still have time to read why. */
  readonly refusals: number;
}

/** The connections in `stats()`. */
export interface AcceptorStats {
  /** Connections that are open now. */
  readonly open: number;
  /** Connections accepted since the start. */
  readonly accepted: number;
  /** Connections refused since the start: there were too many, or the daemon was stopping. */
  readonly refused: number;
  /** Connections cut since the start because all together held too many bytes. */
  readonly evicted: number;
  /** Bytes that were received and belong to no answered command. */
  readonly receivedBytes: number;
  /** Bytes that wait to be sent. */
  readonly queuedBytes: number;
}

export class Acceptor<W extends ResponseWriter> {
  readonly #options: AcceptorOptions<W>;
  readonly #tell: Tell;
  readonly #connections = new Map<number, Connection<W>>();
  readonly #received: SharedBound<Connection<W>>;
  readonly #queued: SharedBound<Connection<W>>;
  readonly #refusals: Refusals;
  readonly #context: ConnectionContext<W>;
  /** One timer for the frame timeouts of all connections. */
  readonly #sweep: Sweep;
  #nextId = 1;
  #accepted = 0;
  #refused = 0;
  #evicted = 0;
  #draining = false;
  /** A connection was cut while it drained. */
  #cut = false;
  #cutStalled: Sweep | undefined;
  #whenEmpty: (() => void) | undefined;

  constructor(options: AcceptorOptions<W>) {
    this.#options = options;
    this.#tell = options.tell ?? untold;
    this.#received = this.#bound((connection) => connection.receivedBytes);
    this.#queued = this.#bound((connection) => connection.queuedBytes);
    const { limits, clock, dispatcher, createWriter } = options;
    this.#refusals = new Refusals(clock);
    this.#context = {
      limits,
      clock,
      dispatcher,
      createWriter,
      onClosed: (connectionId, cut) => this.#closed(connectionId, cut),
      onReceivedBytes: (delta) => this.#received.add(delta),
      onQueuedBytes: (delta) => this.#queued.add(delta),
      onFault: (error, connectionId) => options.onFault(error, connectionId),
    };
    this.#sweep = new Sweep(clock, Math.min(1000, limits.frameTimeout / 4), (late, fair) =>
      this.#judge(late, fair),
    );
  }

  /** A client has connected. */
  accept(socket: Socket): void {
    // In this turn, or a client that is gone already ends the daemon.
    socket.on('error', () => undefined);
    if (this.#draining || this.#connections.size >= this.#options.limits.max) {
      this.#refuse(socket);
      return;
    }
    this.#accepted += 1;
    try {
      const id = this.#nextId++;
      this.#connections.set(id, new Connection(id, socket, this.#context));
      this.#tell('connection.opened', { connectionId: id });
      this.#sweep.start();
    } catch (error) {
      socket.destroy();
      this.#options.onFault(error);
    }
  }

  /**
   * Stops reading; resolves when everything that was received whole is answered and sent, and all connections are
   * closed. A connection to which nothing can be sent for `stallGrace` ms is cut.
   */
  drain(stallGrace: number): Promise<void> {
    this.#draining = true;
    const cutStalled = new Sweep(this.#options.clock, stallGrace / 4, (_late, fair) => {
      if (fair) {
        this.#each((connection) => {
          if (connection.stalled(stallGrace)) connection.destroy();
        });
      }
      return this.#connections.size > 0;
    });
    this.#cutStalled = cutStalled;
    return new Promise((resolve) => {
      this.#whenEmpty = resolve;
      this.#each((connection) => connection.drain());
      cutStalled.start();
      this.#checkEmpty();
    });
  }

  /**
   * After {@link drain}: whether no client was cut, and every client that is still connected was sent everything. Such a
   * client has not closed its half, and is only given the time to read.
   */
  get allSent(): boolean {
    if (this.#cut) return false;
    return [...this.#connections.values()].every((connection) => connection.allSent);
  }

  /** Cuts every connection. */
  destroy(): void {
    this.#draining = true;
    this.#sweep.stop();
    this.#cutStalled?.stop();
    this.#each((connection) => connection.destroy());
  }

  stats(): AcceptorStats {
    return {
      open: this.#connections.size,
      accepted: this.#accepted,
      refused: this.#refused,
      evicted: this.#evicted,
      receivedBytes: this.#received.used,
      queuedBytes: this.#queued.used,
    };
  }

  /** Looks at every connection. */
  queues(): ConnectionQueues {
    let [requestBytes, commands, responseBytes] = [0, 0, 0];
    for (const connection of this.#connections.values()) {
      requestBytes = Math.max(requestBytes, connection.receivedBytes);
      commands = Math.max(commands, connection.commands);
      responseBytes = Math.max(responseBytes, connection.responseBytes);
    }
    return { requestBytes, commands, responseBytes, refusals: this.#refusals.count };
  }

  #bound(sizeOf: (connection: Connection<W>) => number): SharedBound<Connection<W>> {
    return new SharedBound({
      limit: TOTAL_BYTES,
      holders: () => this.#connections.values(),
      sizeOf,
      evict: (connection) => {
        this.#evicted += 1;
        this.#tell('connection.evicted', { connectionId: connection.id });
        connection.destroy();
      },
    });
  }

  /** A fault of one connection is not felt by the next. */
  #each(action: (connection: Connection<W>) => void): void {
    for (const connection of [...this.#connections.values()])
      everyStep(
        (error) => connection.onFault(error),
        () => action(connection),
      );
  }

  #judge(late: number, fair: boolean): boolean {
    this.#each((connection) => {
      if (late > 0) connection.excuse(late);
      if (fair) connection.judge();
    });
    return this.#connections.size > 0;
  }

  #refuse(socket: Socket): void {
    this.#refused += 1;
    const code = this.#draining ? 'SHUTTING_DOWN' : 'TOO_MANY_CONNECTIONS';
    this.#tell('connection.refused', { code });
    const message = this.#draining
      ? 'The daemon is shutting down'
      : `The daemon has as many connections as it accepts (${this.#options.limits.max}); close some and try again`;
    this.#refusals.refuse(socket, new IpcError(code, message));
  }

  #closed(connectionId: number, cut: boolean): void {
    if (this.#draining && cut) this.#cut = true;
    this.#connections.delete(connectionId);
    this.#tell('connection.closed', { connectionId });
    this.#checkEmpty();
  }

  #checkEmpty(): void {
    if (this.#connections.size === 0) this.#whenEmpty?.();
  }
}
