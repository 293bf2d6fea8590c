// A connection and its line of commands, driven with a clock, a socket, a writer and lanes of the test's own.
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { encodeFrame, IpcError } from 'bunctl-ipc/protocol';
import { describe, expect, test } from 'vitest';
import { Acceptor, type WriterHooks } from '#dist/acceptor/acceptor.js';
import { Connection, type ConnectionLimits, type InputSocket } from '#dist/acceptor/connection.js';
import { Dispatcher } from '#dist/acceptor/dispatcher.js';
import { SharedBound } from '#dist/acceptor/shared-bound.js';
import type { Job, Lane } from '#dist/ports.js';
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
  /** What it was told as it was turned away. */
  farewell: string | undefined;
  end(frame: Uint8Array): this {
    this.farewell = Buffer.from(frame.subarray(4)).toString();
    return this;
  }
}

class FakeWriter {
  responses: string[] = [];
  /** What it was told of the hold and of its subscription, in order. */
  told: string[] = [];
  congested = false;
  finished = false;
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
    {
      subscribe: (to) => void to.told.push('subscribed'),
      unsubscribe: () => undefined,
      remove: () => undefined,
    },
  );
  const socket = new FakeSocket();
  const writer = new FakeWriter();
  const connection = new Connection<FakeWriter>(
    socket as unknown as InputSocket,
    { maxMessageSize: 1024, maxInFlight: 4, frameTimeout: 1000, ...limits },
    clock,
    { onClosed: () => (state.closed = true), onReceivedBytes: (delta) => (state.bytes += delta) },
  );
  const line = dispatcher.open(1, writer, connection);
  connection.open(line);
  return { clock, lanes, state, socket, writer, connection, line, dispatcher };
}
const send = (socket: FakeSocket, ...texts: string[]) =>
  socket.emit('data', Buffer.concat(texts.map((text) => encodeFrame(text))));

describe('a connection', () => {
  test('stops reading at its bound of commands and goes on when they are answered', () => {
    const { socket, lanes, writer, state } = world();
    send(socket, 'a', 'b', 'c', 'd', 'e', 'f');
    expect([lanes[0].texts.join(''), socket.paused]).toEqual(['abcd', true]);
    lanes[0].answer();
    expect([lanes[0].texts.join(''), socket.paused]).toEqual(['bcde', true]);
    for (let n = 0; n < 5; n += 1) lanes[0].answer();
    expect([writer.responses.length, socket.paused, state.bytes]).toEqual([6, false, 0]);
  });

  test('stops reading at its bound of request bytes, however few commands they are', () => {
    const MIB = 1024 * 1024;
    const { socket, lanes, line } = world({ maxMessageSize: MIB, maxInFlight: 1000 });
    const large = encodeFrame(Buffer.alloc(MIB));
    for (let n = 0; n < 2; n += 1) socket.emit('data', large);
    // One message of the largest size and a MiB beside it.
    expect([line.length, socket.paused]).toEqual([2, true]);
    socket.emit('data', large);
    expect(line.length).toBe(2);
    lanes[0].answer();
    expect([line.length, socket.paused]).toEqual([2, true]);
    lanes[0].answer();
    expect(socket.paused).toBe(false);
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

  test('a frame of which only the length has come is refused in time too', () => {
    const { socket, clock, connection, writer } = world();
    socket.emit('data', Buffer.from([9, 0, 0, 0]));
    clock.advance(1000);
    connection.sweep(clock.now());
    expect(writer.responses.join()).toContain('timeout');
  });

  test('each frame has its own time, though one begins where another ends', () => {
    const { socket, clock, connection, writer, lanes } = world();
    const bytes = Buffer.concat([encodeFrame('first'), encodeFrame('second')]);
    socket.emit('data', bytes.subarray(0, 6));
    clock.advance(999);
    socket.emit('data', bytes.subarray(6, 15));
    expect(lanes[0].texts).toEqual(['first']);
    lanes[0].answer('answered');
    clock.advance(999);
    connection.sweep(clock.now());
    expect(writer.responses).toEqual(['answered']);
    clock.advance(1);
    connection.sweep(clock.now());
    expect(writer.responses.join()).toContain('timeout');
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

  test('one that has been sent its end is read away for a second, so that it can read it, and then cut', () => {
    const { socket, clock, connection, lanes } = world({ maxInFlight: 1 });
    send(socket, 'a', 'b');
    expect(socket.paused).toBe(true);
    connection.drain();
    lanes[0].answer();
    lanes[0].answer();
    connection.finished();
    expect(socket.paused).toBe(false);
    send(socket, 'c');
    expect(lanes[0].texts).toEqual([]);
    clock.advance(999);
    expect(socket.destroyed).toBe(false);
    clock.advance(1);
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

  test('keeps its order when its lane has room again before it was looked at', () => {
    const { socket, lanes, dispatcher } = world();
    lanes[0].capacity = 1;
    send(socket, 'a', 'b');
    lanes[0].capacity = 3;
    send(socket, 'c');
    expect(lanes[0].texts).toEqual(['a']);
    dispatcher.room();
    expect(lanes[0].texts).toEqual(['a', 'b', 'c']);
  });

  test('keeps its order when some wait and others are taken back', () => {
    const { socket, lanes, writer, line } = world();
    lanes[0].capacity = 3;
    lanes[0].begun = 1;
    send(socket, 'a', 'b', 'c', 'd');
    writer.congested = true;
    line.respond(encodeFrame('large'));
    expect(lanes[0].texts).toEqual(['a']);
    writer.congested = false;
    lanes[0].capacity = 4;
    line.pump();
    expect(lanes[0].texts).toEqual(['a', 'b', 'c', 'd']);
  });

  test('that has waited longest for a lane is looked at first', () => {
    const { state, lanes, dispatcher } = world();
    state.pick = undefined;
    for (const text of ['first', 'second', 'third'])
      dispatcher.open(2, new FakeWriter(), { room: () => undefined }).submit(Buffer.from(text));
    state.pick = lanes[0];
    dispatcher.room();
    expect(lanes[0].texts).toEqual(['first', 'second', 'third']);
  });

  test('tells the writer of every command, and after Subscribe once more of those that came with it', () => {
    const { socket, writer, lanes } = world();
    send(socket, 'subscribe', 'next');
    lanes[0].jobs.shift()?.subscribe('{}');
    expect(writer.told).toEqual(['command', 'command', 'subscribed', 'command']);
    lanes[0].answer();
    writer.told = [];
    send(socket, 'subscribe');
    lanes[0].jobs.shift()?.subscribe('{}');
    expect(writer.told).toEqual(['command', 'subscribed']);
  });

  test('counts the commands that were answered with an Error of the daemon’s own', () => {
    const { socket, writer, lanes, dispatcher } = world();
    send(socket, 'a', 'b');
    lanes[0].jobs.shift()?.failed(new IpcError('COMMAND_OUTCOME_UNKNOWN'));
    lanes[0].answer();
    expect(writer.responses[0]).toContain('may or may not have taken effect');
    expect(dispatcher.counters).toEqual({ received: 2, answered: 2, failed: 1 });
  });
});

describe('all connections together', () => {
  const MIB = 1024 * 1024;

  function house(max = 100) {
    const { clock, lanes, dispatcher } = world();
    const writers: { writer: FakeWriter; hooks: WriterHooks }[] = [];
    const acceptor = new Acceptor<FakeWriter>({
      limits: { max, maxMessageSize: 10 * MIB, maxInFlight: 4, frameTimeout: 1000 },
      clock,
      dispatcher,
      subscriptions: { subscribe: () => undefined, unsubscribe: () => undefined, remove: () => undefined },
      createWriter: (_socket, hooks) => {
        const writer = new FakeWriter();
        writers.push({ writer, hooks });
        return writer;
      },
    });
    const connect = (): FakeSocket => {
      const socket = new FakeSocket();
      acceptor.accept(socket as unknown as Socket);
      return socket;
    };
    return { clock, acceptor, lane: lanes[0], writers, connect };
  }

  /** A frame that lacks its last byte, of which `bytes` are kept. One for all connections, so it costs little. */
  const unfinished = (bytes: number): Buffer => encodeFrame(Buffer.alloc(bytes + 1)).subarray(0, -1);

  test('keep at most 256 MiB of requests: the largest connection is cut, and no other', () => {
    const { acceptor, connect } = house();
    const [large, small] = [unfinished(10 * MIB - 1), unfinished(9 * MIB)];
    const [largest, ...others] = Array.from({ length: 28 }, connect) as [FakeSocket, ...FakeSocket[]];
    largest.emit('data', large);
    for (const socket of others.slice(1)) socket.emit('data', small);
    expect(acceptor.stats()).toMatchObject({ evicted: 0, receivedBytes: (10 + 26 * 9) * MIB - 1 });
    others[0]?.emit('data', small);
    expect(acceptor.stats().evicted).toBe(0);
    connect().emit('data', small);
    expect(largest.destroyed).toBe(true);
    expect(others.filter(({ destroyed }) => destroyed)).toEqual([]);
    expect(acceptor.stats()).toMatchObject({ evicted: 1, open: 28, receivedBytes: 28 * 9 * MIB });
  });

  test('keep at most 256 MiB that is to be written: the one of which most waits is cut, and no other', () => {
    const { acceptor, writers, connect } = house();
    const [one, two, three] = [connect(), connect(), connect()];
    const queue = (who: number, bytes: number): void => {
      const { writer, hooks } = writers[who] as (typeof writers)[number];
      writer.queuedBytes += bytes;
      hooks.onBytes(bytes);
    };
    queue(0, 90 * MIB);
    queue(1, 100 * MIB);
    queue(2, 66 * MIB);
    expect(acceptor.stats()).toMatchObject({ evicted: 0, queuedBytes: 256 * MIB });
    queue(2, 1);
    expect([one, two, three].map(({ destroyed }) => destroyed)).toEqual([false, true, false]);
    expect(acceptor.stats()).toMatchObject({ evicted: 1, open: 2 });
  });

  test('past their number: 64 at once are told why and cut after a second, more are cut without a word', () => {
    const { acceptor, clock, connect } = house(1);
    const first = connect();
    const told = Array.from({ length: 64 }, connect);
    expect(told.every(({ farewell }) => farewell?.includes('as many connections'))).toBe(true);
    expect(told.some(({ destroyed }) => destroyed)).toBe(false);
    const more = connect();
    expect([more.farewell, more.destroyed]).toEqual([undefined, true]);
    clock.advance(1000);
    expect(told.every(({ destroyed }) => destroyed)).toBe(true);
    told[0]?.emit('close');
    expect(connect().farewell).toContain('as many connections');
    expect(connect().farewell).toBeUndefined();
    expect(acceptor.stats()).toMatchObject({ open: 1, accepted: 1, refused: 67 });
    expect(first.destroyed).toBe(false);
  });

  test('take nobody in while they are drained', async () => {
    const { acceptor, connect } = house();
    const open = connect();
    const drained = acceptor.drain(250);
    expect(connect().farewell).toContain('shutting down');
    open.emit('close');
    await drained;
    expect(acceptor.stats()).toMatchObject({ open: 0, accepted: 1, refused: 1 });
  });

  test('forget one that is gone: what its lane has not begun never runs', () => {
    const { acceptor, lane, connect } = house();
    const socket = connect();
    send(socket, 'a', 'b', 'c');
    lane.begun = 1;
    socket.emit('close');
    expect(lane.texts).toEqual(['a']);
    lane.answer();
    expect(acceptor.stats()).toMatchObject({ open: 0, receivedBytes: 0 });
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
