// A client of a real daemon. Beside it, the bytes of its socket are counted by a decoder of the test's own.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Daemon } from 'bunctl-ipc';
import { type ConnectOptions, IpcClient } from 'bunctl-ipc/client';
import type { SubscriptionType } from 'bunctl-ipc/protocol';
import { resolveOptions } from '#dist/client/options.js';
import { FrameReader } from '../support/raw-client.js';
import type { Epoch, Peer } from './random-use.js';

type Frame = { Event?: { event_type: string; data: { dropped: number } }; Success?: unknown };

/** Numbers the events of all connections of a daemon, in the order in which they are published. */
export interface Published {
  count: number;
}

export class WatchedConnection implements Peer {
  readonly client: IpcClient;
  readonly epochs: Epoch[] = [];
  readonly #daemon: Daemon;
  readonly #random: () => number;
  readonly #published: Published;
  /** Requests without an answer, each with the owner of the subscription if it is a Subscribe. */
  readonly #asked: { readonly name: string; readonly owner: string }[] = [];
  #owner = '';
  #epoch: Epoch | undefined;

  private constructor(
    socket: Socket,
    daemon: Daemon,
    published: Published,
    random: () => number,
    options: ConnectOptions,
  ) {
    this.#daemon = daemon;
    this.#published = published;
    this.#random = random;
    // Before the client's own listener.
    const answers = new FrameReader();
    socket.on('data', (chunk: Buffer) => {
      if (this.client.closed) return;
      for (const frame of answers.push(chunk)) this.#came(frame as Frame);
    });
    const requests = new FrameReader();
    const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
    Object.assign(socket, {
      write: (chunk: Uint8Array, ...rest: unknown[]) => {
        for (const request of requests.push(Buffer.from(chunk))) this.#ask(request as string | object);
        return write(chunk, ...rest);
      },
    });
    this.client = Reflect.construct(IpcClient, [
      socket,
      daemon.socketPath,
      resolveOptions(options),
    ]) as IpcClient;
  }

  static async open(
    daemon: Daemon,
    published: Published,
    random: () => number,
    options: ConnectOptions,
  ): Promise<WatchedConnection> {
    const socket = connect({ path: daemon.socketPath, allowHalfOpen: true });
    await once(socket, 'connect');
    return new WatchedConnection(socket, daemon, published, random, options);
  }

  /** Events that came or were told of by the daemon. */
  get matched(): number {
    return this.epochs.reduce((sum, { matched }) => sum + matched, 0);
  }

  filter(owner: string): SubscriptionType {
    this.#owner = owner;
    return { AllEvents: { app_name: null } };
  }

  publish(count: number): void {
    for (let n = 0; n < count; n += 1) {
      const filler = 'x'.repeat(Math.floor(this.#random() * (this.#random() < 0.2 ? 60_000 : 300)));
      const data = { n: ++this.#published.count, filler };
      // One that is refused, because nothing here is awaited, reaches nobody.
      this.#daemon.publish({ eventType: 'log_line', data }).catch(() => undefined);
    }
  }

  answer(): void {
    // It does so by itself.
  }

  answerAll(): Promise<void> {
    return Promise.resolve();
  }

  end(): void {
    const closed = (): Promise<void> => this.client.close();
    this.client
      .request('Unsubscribe')
      .then(closed, closed)
      .catch(() => undefined);
  }

  #ask(request: string | object): void {
    const name = typeof request === 'string' ? request : (Object.keys(request)[0] ?? '');
    this.#asked.push({ name, owner: this.#owner });
  }

  #came({ Event: event, Success: success }: Frame): void {
    if (!event) {
      const { name, owner } = this.#asked.shift() ?? { name: 'nothing', owner: '' };
      if (success === undefined || (name !== 'Subscribe' && name !== 'Unsubscribe')) return;
      this.#epoch = name === 'Subscribe' ? { owner, matched: 0, dropped: 0 } : undefined;
      if (this.#epoch) this.epochs.push(this.#epoch);
      return;
    }
    if (event.event_type === 'heartbeat') return;
    if (!this.#epoch) throw new Error('an event came without a subscription');
    const dropped = event.event_type === 'events_dropped' ? event.data.dropped : 0;
    this.#epoch.dropped += dropped;
    this.#epoch.matched += dropped || 1;
  }
}
