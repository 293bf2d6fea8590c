// A connection and its line of commands, driven with a clock, a socket, a writer and lanes of the test's own.
import { EventEmitter } from 'node:events';
import { encodeFrame } from 'bunctl-ipc/protocol';
import { describe, expect, test } from 'vitest';
import { Connection, type ConnectionLimits, type InputSocket } from '#dist/acceptor/connection.js';
import { Dispatcher } from '#dist/acceptor/dispatcher.js';
import { SharedBound } from '#dist/acceptor/memory.js';
import type { Job, Lane } from '#dist/interfaces.js';
import { FakeClock } from '../support/fake-clock.js';

class FakeSocket extends EventEmitter {
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
}

class FakeWriter {
  responses: string[] = [];
  congested = false;
  finished = false;
  queuedBytes = 0;
  stalledFor = 0;
  respond(frames: Uint8Array): void {
    this.responses.push(Buffer.from(frames.subarray(4)).toString());
  }
  commandReceived(): void {}
  finish(): void {
    this.finished = true;
  }
  destroy(): void {}
}

/** Holds what it is given until the test answers; begins only what the test begins. */
class FakeLane implements Lane {
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

function world(limits: Partial<ConnectionLimits> = {}) {
  const clock = new FakeClock();
  const lanes = [new FakeLane(1), new FakeLane(2)] as const;
  const state = { picked: 0, closed: false, bytes: 0, pick: lanes[0] as Lane | undefined };
  const dispatcher = new Dispatcher<FakeWriter>(
    {
      pick: () => {
        state.picked += 1;
        return state.pick;
      },
      down: undefined,
    },
    { subscribe: () => undefined, unsubscribe: () => undefined, remove: () => undefined },
  );
  const socket = new FakeSocket();
  const writer = new FakeWriter();
  const connection = new Connection<FakeWriter>(
    socket as unknown as InputSocket,
    { maxMessageSize: 1024, maxInFlight: 4, frameTimeout: 1000, ...limits },
    clock,
    { onClosed: () => (state.closed = true), onBytes: (delta) => (state.bytes += delta) },
  );
  const line = dispatcher.open(1, writer, () => connection.room());
  connection.open(line);
  return { clock, lanes, state, socket, writer, connection, line, dispatcher };
}
const send = (socket: FakeSocket, ...texts: string[]) =>
  socket.emit('data', Buffer.concat(texts.map((text) => encodeFrame(text))));

describe('a connection', () => {
  test('stops reading at its bound of commands and goes on when they are answered', () => {
    const { socket, lanes, writer } = world();
    send(socket, 'a', 'b', 'c', 'd', 'e', 'f');
    expect([lanes[0].texts.join(''), socket.paused]).toEqual(['abcd', true]);
    lanes[0].answer();
    expect([lanes[0].texts.join(''), socket.paused]).toEqual(['bcde', true]);
    for (let n = 0; n < 5; n += 1) lanes[0].answer();
    expect([writer.responses.length, socket.paused]).toEqual([6, false]);
  });

  test('a frame not complete in time is refused; silence between frames never is', () => {
    const { socket, clock, connection, writer } = world();
    clock.advance(100_000);
    connection.sweep(clock.now());
    expect(writer.responses).toEqual([]);
    socket.emit('data', encodeFrame('half').subarray(0, 6));
    clock.advance(999);
    connection.sweep(clock.now());
    expect(writer.responses).toEqual([]);
    clock.advance(1);
    connection.sweep(clock.now());
    expect(writer.responses.join()).toContain('timeout');
    expect(writer.finished).toBe(true);
  });

  test('the frame’s clock stands still while it is not read', () => {
    const { socket, clock, connection, writer, lanes } = world({ maxInFlight: 1 });
    socket.emit(
      'data',
      Buffer.concat([encodeFrame('a'), encodeFrame('b'), encodeFrame('half').subarray(0, 6)]),
    );
    expect(socket.paused).toBe(true);
    clock.advance(100_000);
    connection.sweep(clock.now());
    lanes[0].answer();
    lanes[0].answer();
    expect(socket.paused).toBe(false);
    clock.advance(999);
    connection.sweep(clock.now());
    expect(writer.finished).toBe(false);
    clock.advance(1);
    connection.sweep(clock.now());
    expect(writer.finished).toBe(true);
  });

  test('a length over the bound is refused after the answers before it', () => {
    const { socket, writer, lanes } = world();
    socket.emit('data', Buffer.concat([encodeFrame('a'), Buffer.from([1, 4, 0, 0])]));
    expect(writer.responses).toEqual([]);
    lanes[0].answer('first');
    expect(writer.responses[0]).toBe('first');
    expect(writer.responses[1]).toContain('exceeds maximum allowed size');
    expect(writer.finished).toBe(true);
  });

  test('a half-closed one gets all its answers, then the end', () => {
    const { socket, writer, lanes } = world();
    send(socket, 'a', 'b');
    socket.emit('end');
    expect(writer.finished).toBe(false);
    lanes[0].answer();
    lanes[0].answer();
    expect([writer.responses.length, writer.finished]).toEqual([2, true]);
  });

  test('one that is cut counts no bytes and recalls what has not begun', () => {
    const { socket, state, lanes, dispatcher, line } = world();
    send(socket, 'aaaa', 'bbbb');
    lanes[0].begun = 1;
    expect(state.bytes).toBe(8);
    socket.emit('close');
    dispatcher.close(line);
    expect([state.bytes, state.closed, lanes[0].texts.join('')]).toEqual([0, true, 'aaaa']);
  });

  test('one that ends and is not read is cut after the frame’s time', () => {
    const { socket, clock, connection, writer } = world();
    socket.emit('data', Buffer.from([255, 255, 255, 255]));
    writer.stalledFor = 1000;
    connection.sweep(clock.now());
    expect(socket.destroyed).toBe(true);
  });
});

describe('a line of commands', () => {
  test('stays with its lane while any is in flight, and only then', () => {
    const { socket, lanes, state } = world();
    send(socket, 'a');
    state.pick = lanes[1];
    send(socket, 'b');
    expect([lanes[0].texts.join(''), lanes[1].texts.join('')]).toEqual(['ab', '']);
    lanes[0].answer();
    lanes[0].answer();
    send(socket, 'c');
    expect(lanes[1].texts.join('')).toBe('c');
  });

  test('past its bound of responses nothing begins; what has not begun is taken back, in order', () => {
    const { socket, lanes, writer, line } = world();
    send(socket, 'a', 'b', 'c');
    lanes[0].begun = 1;
    writer.congested = true;
    line.respond(encodeFrame('large'));
    expect(lanes[0].texts.join('')).toBe('a');
    lanes[0].answer();
    send(socket, 'd');
    expect(lanes[0].texts).toEqual([]);
    writer.congested = false;
    line.pump();
    expect(lanes[0].texts.join('')).toBe('bcd');
  });

  test('keeps its first command alone in its lane when others need the room, and more as answers come', () => {
    const { socket, lanes, line } = world({ maxInFlight: 100 });
    send(socket, 'a', 'b', 'c', 'd', 'e', 'f');
    lanes[0].begun = 1;
    line.makeRoom();
    expect(lanes[0].texts.join('')).toBe('a');
    send(socket, 'g');
    expect(lanes[0].texts.join('')).toBe('a');
    lanes[0].answer();
    expect(lanes[0].texts.join('')).toBe('bc');
    lanes[0].answer();
    expect(lanes[0].texts.join('')).toBe('cdef');
  });

  test('has no more than 256 KiB of requests in its lane beside the first', () => {
    const { socket, lanes } = world({ maxMessageSize: 1024 * 1024 });
    send(socket, 'x'.repeat(500_000), 'y'.repeat(100_000), 'z'.repeat(200_000), 'w');
    expect(lanes[0].texts.map(([letter]) => letter).join('')).toBe('x');
    lanes[0].answer();
    expect(lanes[0].texts.map(([letter]) => letter).join('')).toBe('y');
    lanes[0].answer();
    expect(lanes[0].texts.map(([letter]) => letter).join('')).toBe('zw');
  });

  test('waits when no lane has room, and is looked at again when one has', () => {
    const { socket, state, lanes, dispatcher } = world();
    state.pick = undefined;
    send(socket, 'a', 'b');
    expect(lanes[0].texts).toEqual([]);
    state.pick = lanes[0];
    dispatcher.room();
    expect(lanes[0].texts.join('')).toBe('ab');
  });
});

test('a shared bound evicts the largest holder, and nobody below it', () => {
  const sizes = new Map([
    ['a', 30],
    ['b', 50],
    ['c', 10],
  ]);
  const evicted: string[] = [];
  const bound = new SharedBound<string>({
    limit: 100,
    holders: () => sizes.keys(),
    sizeOf: (holder) => sizes.get(holder) ?? 0,
    evict: (holder) => {
      evicted.push(holder);
      bound.add(-(sizes.get(holder) ?? 0));
    },
  });
  bound.add(90);
  expect(evicted).toEqual([]);
  sizes.set('c', 21);
  bound.add(11);
  expect([evicted, bound.used]).toEqual([['b'], 51]);
});
