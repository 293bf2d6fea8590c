// A socket, a writer and lanes that a test drives, and a connection between them.
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { encodeFrame } from 'bunctl-ipc/protocol';
import { vi } from 'vitest';
import { Connection } from '#dist/acceptor/connection.js';
import type { ConnectionLimits } from '#dist/acceptor/connection-context.js';
import { Dispatcher } from '#dist/acceptor/dispatcher.js';
import type { Pipeline } from '#dist/acceptor/pipeline.js';
import type { WriterHooks } from '#dist/acceptor/ports.js';
import type { Job, Lane } from '#dist/ports.js';
import { FakeClock } from '../support/fake-clock.js';

/** A client's socket as far as a connection and its acceptor use it. */
export class FakeSocket extends EventEmitter {
  paused = false;
  destroyed = false;
  pause(): this {
    this.paused = true;
    return this;
  }
  resume(): this {
    this.paused = false;
    return this;
  }
  destroy(): this {
    this.destroyed = true;
    return this;
  }
  /** What it was sent when it was refused. */
  farewell: string | undefined;
  end(frame: Uint8Array): this {
    this.farewell = Buffer.from(frame.subarray(4)).toString();
    return this;
  }
}

/** Keeps what it is given. */
export class FakeWriter {
  responses: string[] = [];
  /** What it was told about the hold and about its subscription, in order. */
  told: string[] = [];
  congested = false;
  finished = false;
  responseBytes = 0;
  queuedBytes = 0;
  stalledFor = 0;
  respond(frames: Uint8Array): void {
    this.responses.push(Buffer.from(frames.subarray(4)).toString());
  }
  commandReceived(): void {
    this.told.push('command');
  }
  finish(): void {
    this.finished = true;
  }
  destroyed = false;
  destroy(): void {
    this.destroyed = true;
  }
}

/** Keeps the commands it is given until the test answers them; it has begun the first `begun` of them. */
export class FakeLane implements Lane {
  readonly jobs: Job[] = [];
  begun = 0;
  capacity = Infinity;
  constructor(readonly id: number) {}
  offer(job: Job): boolean {
    if (this.jobs.length >= this.capacity) return false;
    this.jobs.push(job);
    return true;
  }
  recall(job: Job): boolean {
    const at = this.jobs.indexOf(job);
    if (at < this.begun) return false;
    this.jobs.splice(at, 1);
    return true;
  }
  answer(text = 'ok'): void {
    const job = this.jobs.shift();
    this.begun = Math.max(0, this.begun - 1);
    job?.origin.respond(encodeFrame(text));
    job?.answered();
  }
  get texts(): string[] {
    return this.jobs.map(({ payload }) => Buffer.from(payload).toString());
  }
}

/** What the broker is told. */
export class FakeBroker {
  removed = 0;
  subscribe(writer: FakeWriter): void {
    writer.told.push('subscribed');
  }
  unsubscribe(): void {}
  remove(): void {
    this.removed += 1;
  }
}

/** One connection, and everything it touches. */
export function connected(limits: Partial<ConnectionLimits> = {}) {
  const clock = new FakeClock();
  const lanes = [new FakeLane(1), new FakeLane(2)] as const;
  const state = { closed: false, bytes: 0, pick: lanes[0] as Lane | undefined };
  const faults: unknown[] = [];
  const broker = new FakeBroker();
  const dispatcher = new Dispatcher<FakeWriter>({ pick: () => state.pick, down: undefined }, broker);
  const open = vi.spyOn(dispatcher, 'open');
  const socket = new FakeSocket();
  const made: { writer: FakeWriter; hooks: WriterHooks }[] = [];
  const connection = new Connection<FakeWriter>(1, socket as unknown as Socket, {
    limits: { maxMessageSize: 1024, maxInFlight: 4, frameTimeout: 1000, ...limits },
    clock,
    dispatcher,
    createWriter: (_socket, hooks) => {
      const writer = new FakeWriter();
      made.push({ writer, hooks });
      return writer;
    },
    onClosed: () => (state.closed = true),
    onReceivedBytes: (delta) => (state.bytes += delta),
    onQueuedBytes: () => undefined,
    onFault: (error) => faults.push(error),
  });
  const { writer, hooks } = made[0] as (typeof made)[number];
  const [opened] = open.mock.results;
  const pipeline = opened?.value as Pipeline<FakeWriter>;
  return { clock, lanes, state, faults, broker, socket, writer, hooks, pipeline, connection, dispatcher };
}

/** The client sends frames with these payloads, in one chunk. */
export const send = (socket: FakeSocket, ...texts: string[]) =>
  socket.emit('data', Buffer.concat(texts.map((text) => encodeFrame(text))));
