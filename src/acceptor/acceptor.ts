// Accepts connections, keeps them within their common bounds, drains and stops them.
import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import { IpcError } from '../protocol/errors.js';
import { errorFrame } from '../protocol/responses.js';
import { Connection, type ConnectionHooks, type ConnectionLimits } from './connection.js';
import type { Dispatcher } from './dispatcher.js';
import type { Line } from './pipeline.js';
import { SharedBound } from './shared-bound.js';
import type { ResponseWriter, Subscriptions } from './ports.js';

/** Receive buffers of all connections together, and their write queues together, in bytes each. */
const TOTAL_BYTES = 256 * 1024 * 1024;
/** Clients being told that they are too many; past it they are closed without a word. */
const MAX_REFUSALS = 64;
const REFUSAL_TIME = 1000;

/** What a writer tells its connection. */
export interface WriterHooks {
  /** Responses have drained below the bound at which commands stop. */
  onResponsesDrained(): void;
  /** Everything was sent and the stream ended, or could not be. */
  onFinished(): void;
  onBytes(delta: number): void;
}

export interface AcceptorOptions<W extends ResponseWriter> {
  readonly limits: ConnectionLimits & { readonly max: number };
  readonly clock: Clock;
  readonly dispatcher: Dispatcher<W>;
  readonly subscriptions: Subscriptions<W>;
  createWriter(socket: Socket, hooks: WriterHooks): W;
}

/** Connections in `stats()`. */
export interface AcceptorStats {
  readonly open: number;
  readonly accepted: number;
  readonly refused: number;
  /** Cut because all together held too much. */
  readonly evicted: number;
  readonly receivedBytes: number;
  readonly queuedBytes: number;
}

interface Linked<W extends ResponseWriter> {
  readonly received: SharedBound<Connection<W>>;
  readonly queued: SharedBound<W>;
  closed(connection: Connection<W>): void;
}

/** Ties one connection, its writer and its line together; no closures, since there may be ten thousand of it. */
class Link<W extends ResponseWriter> implements ConnectionHooks, WriterHooks {
  connection!: Connection<W>;
  writer!: W;
  line!: Line<W>;

  constructor(readonly shared: Linked<W>) {}

  onClosed(): void {
    this.shared.closed(this.connection);
  }
  onReceivedBytes(delta: number): void {
    this.shared.received.add(delta);
  }
  onResponsesDrained(): void {
    this.line.pump();
  }
  onFinished(): void {
    this.connection.finished();
  }
  onBytes(delta: number): void {
    this.shared.queued.add(delta);
  }
}

export class Acceptor<W extends ResponseWriter> {
  readonly #options: AcceptorOptions<W>;
  readonly #connections = new Map<Connection<W>, Link<W>>();
  readonly #writers = new Map<W, Connection<W>>();
  readonly #received: SharedBound<Connection<W>>;
  readonly #queued: SharedBound<W>;
  /** What the links of all connections share. */
  readonly #linked: Linked<W>;
  #nextId = 1;
  #accepted = 0;
  #refused = 0;
  #refusals = 0;
  #evicted = 0;
  #draining = false;
  #cancelSweep: (() => void) | undefined;
  #whenEmpty: (() => void) | undefined;

  constructor(options: AcceptorOptions<W>) {
    this.#options = options;
    this.#received = new SharedBound<Connection<W>>({
      limit: TOTAL_BYTES,
      holders: () => this.#connections.keys(),
      sizeOf: (connection) => connection.receivedBytes,
      evict: (connection) => this.#evict(connection),
    });
    this.#queued = new SharedBound({
      limit: TOTAL_BYTES,
      holders: () => this.#writers.keys(),
      sizeOf: (writer) => writer.queuedBytes,
      evict: (writer) => this.#evict(this.#writers.get(writer)),
    });
    this.#linked = {
      received: this.#received,
      queued: this.#queued,
      closed: (connection) => this.#closed(connection),
    };
  }

  /** A client has connected. */
  accept(socket: Socket): void {
    // At once, or a client that is gone already ends the daemon.
    socket.on('error', () => undefined);
    if (this.#draining || this.#connections.size >= this.#options.limits.max) {
      this.#refuse(socket);
      return;
    }
    this.#accepted += 1;
    const link = new Link<W>(this.#linked);
    const { limits, clock, dispatcher } = this.#options;
    link.connection = new Connection(socket, limits, clock, link);
    link.writer = this.#options.createWriter(socket, link);
    link.line = dispatcher.open(this.#nextId++, link.writer, link.connection);
    this.#connections.set(link.connection, link);
    this.#writers.set(link.writer, link.connection);
    link.connection.open(link.line);
    this.#scheduleSweep();
  }

  /**
   * Reads no more; resolves when what was received whole is answered and sent and all connections are closed.
   * One to which nothing can be sent for `stallGrace` ms is cut.
   */
  drain(stallGrace: number): Promise<void> {
    this.#draining = true;
    for (const connection of [...this.#connections.keys()]) connection.drain();
    const cutStalled = (): void => {
      for (const connection of [...this.#connections.keys()])
        if (connection.stalled(stallGrace)) connection.destroy();
      if (this.#connections.size > 0) this.#options.clock.after(stallGrace / 4, cutStalled);
    };
    cutStalled();
    return new Promise((resolve) => {
      this.#whenEmpty = resolve;
      this.#checkEmpty();
    });
  }

  /**
   * After {@link drain}: whether every client that is still connected was sent all there is. Such a one has not
   * closed its half, and is only given the time to read.
   */
  get allSent(): boolean {
    return [...this.#connections.keys()].every((connection) => connection.allSent);
  }

  /** Cuts every connection. */
  destroy(): void {
    this.#draining = true;
    this.#cancelSweep?.();
    for (const connection of [...this.#connections.keys()]) connection.destroy();
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

  #refuse(socket: Socket): void {
    this.#refused += 1;
    if (this.#refusals >= MAX_REFUSALS) {
      socket.destroy();
      return;
    }
    this.#refusals += 1;
    socket.once('close', () => {
      this.#refusals -= 1;
    });
    const message = this.#draining
      ? 'The daemon is shutting down'
      : `The daemon has as many connections as it accepts (${this.#options.limits.max}); close some and try again`;
    const error = new IpcError(this.#draining ? 'SHUTTING_DOWN' : 'TOO_MANY_CONNECTIONS', message);
    socket.end(errorFrame(error));
    socket.resume();
    this.#options.clock.after(REFUSAL_TIME, () => socket.destroy());
  }

  #evict(connection: Connection<W> | undefined): void {
    this.#evicted += 1;
    connection?.destroy();
  }

  #closed(connection: Connection<W>): void {
    const parts = this.#connections.get(connection);
    if (!parts) return;
    this.#connections.delete(connection);
    this.#writers.delete(parts.writer);
    this.#options.subscriptions.remove(parts.writer);
    this.#options.dispatcher.close(parts.line);
    parts.writer.destroy();
    this.#checkEmpty();
  }

  #checkEmpty(): void {
    if (this.#connections.size === 0) this.#whenEmpty?.();
  }

  // One timer for the frame timeouts of all connections.
  #scheduleSweep(): void {
    if (this.#cancelSweep) return;
    const { clock, limits } = this.#options;
    this.#cancelSweep = clock.after(Math.min(1000, limits.frameTimeout / 4), () => {
      this.#cancelSweep = undefined;
      const now = clock.now();
      for (const connection of [...this.#connections.keys()]) connection.sweep(now);
      if (this.#connections.size > 0) this.#scheduleSweep();
    });
  }
}
