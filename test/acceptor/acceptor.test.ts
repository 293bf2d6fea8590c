// The acceptor and all its connections, driven with the test's own clock, sockets, writers and lane.
import type { Socket } from 'node:net';
import { encodeFrame } from 'bunctl-ipc/protocol';
import { describe, expect, test } from 'vitest';
import { Acceptor } from '#dist/acceptor/acceptor.js';
import { Dispatcher } from '#dist/acceptor/dispatcher.js';
import type { WriterHooks } from '#dist/acceptor/ports.js';
import { FakeClock } from '../support/fake-clock.js';
import { FakeBroker, FakeLane, FakeSocket, FakeWriter, send } from './support.js';

describe('all connections together', () => {
  const MIB = 1024 * 1024;

  function accepting(max = 100) {
    const clock = new FakeClock();
    const lane = new FakeLane(1);
    const broker = new FakeBroker();
    const writers: { writer: FakeWriter; hooks: WriterHooks }[] = [];
    const faults: unknown[] = [];
    const told: [step: string, fields: object][] = [];
    const acceptor = new Acceptor<FakeWriter>({
      limits: { max, maxMessageSize: 10 * MIB, maxInFlight: 4, frameTimeout: 1000 },
      clock,
      dispatcher: new Dispatcher<FakeWriter>({ pick: () => lane, down: undefined }, broker),
      tell: (step, fields) => told.push([step, fields]),
      createWriter: (_socket, hooks) => {
        const writer = new FakeWriter();
        writers.push({ writer, hooks });
        return writer;
      },
      onFault: (error) => faults.push(error),
    });
    const connect = (): FakeSocket => {
      const socket = new FakeSocket();
      acceptor.accept(socket as unknown as Socket);
      return socket;
    };
    return { clock, acceptor, lane, writers, faults, told, broker, connect };
  }

  /** A frame that lacks its last byte, and whose other `bytes` are kept. One for all connections, so it costs little. */
  const unfinished = (bytes: number): Buffer => encodeFrame(Buffer.alloc(bytes + 1)).subarray(0, -1);

  test('keep at most 256 MiB of requests: only the largest connection is cut', () => {
    const { acceptor, told, connect } = accepting();
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
    const evicted = told.filter(([step]) => step === 'connection.evicted');
    expect(evicted).toEqual([['connection.evicted', { connectionId: 1 }]]);
  });

  test('keep at most 256 MiB to be sent: only the connection with the most waiting bytes is cut', () => {
    const { acceptor, writers, connect } = accepting();
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

  test('above their limit: up to 16 at once are told why and cut after a second, further ones are cut without an Error', () => {
    const { acceptor, clock, connect } = accepting(1);
    const first = connect();
    const told = Array.from({ length: 16 }, connect);
    expect(told.every(({ farewell }) => farewell?.includes('as many connections'))).toBe(true);
    expect(told.some(({ destroyed }) => destroyed)).toBe(false);
    const more = connect();
    expect([more.farewell, more.destroyed]).toEqual([undefined, true]);
    clock.advance(1000);
    expect(told.every(({ destroyed }) => destroyed)).toBe(true);
    told[0]?.emit('close');
    expect(connect().farewell).toContain('as many connections');
    expect(connect().farewell).toBeUndefined();
    expect(acceptor.stats()).toMatchObject({ open: 1, accepted: 1, refused: 19 });
    expect(first.destroyed).toBe(false);
  });

  test('refuse newcomers while they are drained', async () => {
    const { acceptor, connect } = accepting();
    const open = connect();
    const drained = acceptor.drain(250);
    expect(connect().farewell).toContain('shutting down');
    open.emit('close');
    await drained;
    expect(acceptor.stats()).toMatchObject({ open: 0, accepted: 1, refused: 1 });
  });

  test('forget a connection that is gone: commands that its lane has not begun never run', () => {
    const { acceptor, lane, connect } = accepting();
    const socket = connect();
    send(socket, 'a', 'b', 'c');
    lane.begun = 1;
    socket.emit('close');
    expect(lane.texts).toEqual(['a']);
    lane.answer();
    expect(acceptor.stats()).toMatchObject({ open: 0, receivedBytes: 0 });
  });

  test('are judged by the look that follows a late one, not by the late one', () => {
    const { clock, connect, writers } = accepting();
    connect().emit('data', encodeFrame('half').subarray(0, 6));
    connect().emit('data', Buffer.from([255, 255, 255, 255]));
    const [half, refused] = writers as [(typeof writers)[number], (typeof writers)[number]];
    refused.writer.stalledFor = 5000;
    clock.advance(200);
    // The process was stopped: the client's bytes are in the socket, and neither side could read or send.
    clock.block(100_000);
    expect([half.writer.finished, refused.writer.destroyed]).toEqual([false, false]);
    clock.advance(250);
    expect([half.writer.finished, refused.writer.destroyed]).toEqual([false, true]);
    clock.advance(1000);
    expect(half.writer.finished).toBe(true);
  });

  test('are judged although every look comes late', () => {
    const { clock, connect, writers } = accepting();
    connect().emit('data', Buffer.from([255, 255, 255, 255]));
    const [refused] = writers;
    if (refused) refused.writer.stalledFor = 5000;
    clock.block(10_000);
    expect(refused?.writer.destroyed).toBe(false);
    clock.block(10_000);
    expect(refused?.writer.destroyed).toBe(true);
  });

  test('that stall while they are drained are cut after the grace, but not by a late look', async () => {
    const { acceptor, clock, connect, writers } = accepting();
    connect();
    const drained = acceptor.drain(400);
    const [only] = writers;
    if (only) only.writer.stalledFor = 399;
    clock.advance(100);
    expect(only?.writer.destroyed).toBe(false);
    if (only) only.writer.stalledFor = 60_000;
    clock.block(60_000);
    expect(only?.writer.destroyed).toBe(false);
    clock.advance(100);
    expect(only?.writer.destroyed).toBe(true);
    await drained;
  });

  test('are all drained and all cut although one of them throws', async () => {
    const { acceptor, connect, writers, faults } = accepting();
    const sockets = [connect(), connect(), connect()];
    for (const { writer } of writers.slice(0, 1)) {
      writer.finish = () => {
        throw new TypeError('cannot finish');
      };
    }
    const drained = acceptor.drain(400);
    expect(writers.slice(1).map(({ writer }) => writer.finished)).toEqual([true, true]);
    for (const { writer } of writers.slice(0, 2)) {
      writer.destroy = () => {
        throw new TypeError('cannot be destroyed');
      };
    }
    acceptor.destroy();
    await drained;
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true, true]);
    expect(acceptor.stats().open).toBe(0);
    expect(faults.length).toBeGreaterThan(1);
  });

  test('go on when a new connection cannot be served', () => {
    const { acceptor, connect, writers, faults } = accepting();
    connect();
    const broken = new FakeSocket();
    broken.on = (event) => {
      if (event === 'data') throw new TypeError('broken');
      return broken;
    };
    expect(() => acceptor.accept(broken as unknown as Socket)).not.toThrow();
    connect();
    expect(writers.filter(({ writer }) => !writer.destroyed).length).toBeGreaterThanOrEqual(2);
    expect([faults, broken.destroyed]).toEqual([[new TypeError('broken')], true]);
  });

  test('survive a client that disconnects as soon as it connects', () => {
    const { connect } = accepting(1);
    for (const socket of [connect(), connect()])
      expect(() => socket.emit('error', new Error('reset by the peer'))).not.toThrow();
  });
});
