// A daemon in memory that does what the test tells it to, and counts every event that a subscription matches.
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { IpcClient } from 'bunctl-ipc/client';
import type { ConnectOptions } from 'bunctl-ipc/client';
import { resolveOptions } from '#dist/client/options.js';
import type { SubscriptionType } from 'bunctl-ipc/protocol';
import { frame } from '../support/raw-client.js';
import type { Epoch, Peer } from './random-use.js';

/** What the client has for a socket. Bytes go to the daemon at once, and come when the client reads. */
class MemorySocket extends Duplex {
  constructor(readonly daemon: MemoryDaemon) {
    super({ allowHalfOpen: true });
  }

  override _read(): void {
    this.daemon.flush();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.daemon.take(chunk);
    setImmediate(done);
  }

  override _final(done: () => void): void {
    done();
  }

  destroySoon(): void {
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

export class MemoryDaemon implements Peer {
  readonly client: IpcClient;
  readonly #socket = new MemorySocket(this);
  readonly #random: () => number;
  /** Requests that were not answered yet. */
  readonly commands: unknown[] = [];
  readonly epochs: Epoch[] = [];
  #input = Buffer.alloc(0);
  #output: Buffer[] = [];
  #epoch: Epoch | undefined;
  #owed = 0;
  #event = 0;

  constructor(random: () => number, options: ConnectOptions) {
    this.#random = random;
    const given = [this.#socket as unknown as Socket, 'memory', resolveOptions(options)];
    this.client = Reflect.construct(IpcClient, given) as IpcClient;
  }

  filter(owner: string): SubscriptionType {
    return { AllEvents: { app_name: owner } };
  }

  take(chunk: Buffer): void {
    this.#input = Buffer.concat([this.#input, chunk]);
    while (this.#input.length >= 4 && this.#input.length >= 4 + this.#input.readUInt32LE()) {
      const length = this.#input.readUInt32LE();
      this.commands.push(JSON.parse(this.#input.subarray(4, 4 + length).toString()));
      this.#input = this.#input.subarray(4 + length);
    }
  }

  /** Answers the oldest request; a subscription begins or ends with its answer. */
  answer(): void {
    const command = this.commands.shift();
    if (command === undefined) return;
    if (command === 'Unsubscribe') {
      this.#settleUp();
      this.#epoch = undefined;
      this.#write({ Success: { message: 'Unsubscribed from events' } });
      return;
    }
    const { Subscribe: subscribe, Stop: stop } = command as {
      Subscribe?: { subscription: { AllEvents: { app_name: string } } };
      Stop?: { name: string };
    };
    if (subscribe) {
      if (this.#random() < 0.1) {
        this.#write({ Error: { message: 'refused', code: 'REFUSED' } });
        return;
      }
      this.#settleUp();
      this.#epoch = { owner: subscribe.subscription.AllEvents.app_name, matched: 0, dropped: 0 };
      this.epochs.push(this.#epoch);
      this.#write({ Success: { message: 'Subscribed to events' } });
      return;
    }
    const name = stop?.name ?? '';
    if (name.startsWith('fail')) this.#write({ Error: { message: name, code: 'FAILED' } });
    else this.#write({ Success: { message: name } });
  }

  async answerAll(): Promise<void> {
    // Unsubscribes go on behind a break, so there is more to answer while the readers end.
    for (let idle = 0; idle < 5; idle += 1) {
      if (this.commands.length > 0) idle = 0;
      this.publish(1);
      this.answer();
      await turn();
    }
  }

  /** Publishes events; some are dropped, and told with the next one. */
  publish(count: number): void {
    for (let n = 0; n < count && this.#epoch; n += 1) {
      this.#epoch.matched += 1;
      this.#event += 1;
      if (this.#random() < 0.1) {
        this.#owed += 1;
        this.#epoch.dropped += 1;
        continue;
      }
      this.#settleUp();
      const data = { n: this.#event, filler: 'x'.repeat(Math.floor(this.#random() * 200)) };
      this.#write({ Event: { event_type: 'log_line', data } });
    }
    if (this.#epoch && this.#random() < 0.1) this.#write({ Event: { event_type: 'heartbeat', data: {} } });
  }

  end(): void {
    this.#settleUp();
    this.#output.push(Buffer.alloc(0));
    this.flush();
  }

  /** Gives the client what it has room for, in pieces that respect no frame. */
  flush(): void {
    for (let piece = this.#output.shift(); piece; piece = this.#output.shift()) {
      if (piece.length === 0) {
        this.#socket.push(null);
        return;
      }
      const cut = Math.ceil(this.#random() * piece.length);
      if (cut < piece.length) this.#output.unshift(piece.subarray(cut));
      if (!this.#socket.push(piece.subarray(0, cut))) return;
    }
  }

  #settleUp(): void {
    if (this.#owed === 0) return;
    this.#write({ Event: { event_type: 'events_dropped', data: { dropped: this.#owed } } });
    this.#owed = 0;
  }

  #write(message: unknown): void {
    if (this.#socket.destroyed || this.#socket.readableEnded) return;
    this.#output.push(frame(JSON.stringify(message)));
    this.flush();
  }
}
