// One connection's writer: order, chunks, bounds and its end.
import { describe, expect, test } from 'vitest';
import { Writer } from '#dist/writer/writer.js';
import { ANSWER, kinds, world } from '../support/broadcast.js';
import { FakeClock } from '../support/fake-clock.js';
import { FakeSink } from '../support/fake-sink.js';
import { frame } from '../support/raw-client.js';

describe('a writer', () => {
  test('hands over one chunk at a time, responses before events', () => {
    const w = world({ eventHold: 0 });
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.turn();
    w.publish(3);
    writer.respond(ANSWER);
    expect(sink.chunks).toHaveLength(1);
    sink.drain();
    expect(kinds(sink.frames)).toEqual(['Subscribed to events', 'done', 'log_line', 'log_line', 'log_line']);
  });

  test('chunks are whole frames of at most 32 KiB, or one larger frame', () => {
    const w = world({ eventHold: 0, queueBytes: 1e6, highWater: 5e5, lowWater: 1e5 });
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.turn();
    w.publish(200, { filler: 'x'.repeat(1000) });
    w.publish(1, { filler: 'x'.repeat(100_000) });
    sink.drain();
    expect(sink.frames).toHaveLength(202);
    expect(sink.chunks.filter((bytes) => bytes > 32_768)).toHaveLength(1);
  });

  test('is not stalled while parts of its chunk leave', () => {
    const w = world();
    const { writer, sink } = w.writer();
    writer.respond(ANSWER);
    w.turn();
    w.clock.advance(900);
    expect(writer.stalledFor).toBe(900);
    sink.part();
    expect(writer.stalledFor).toBe(0);
    w.clock.advance(900);
    expect(writer.stalledFor).toBe(900);
    sink.drain();
    expect(writer.stalledFor).toBe(0);
  });

  test('says when its responses are at their bound and when they have drained to half of it', () => {
    const w = world();
    const { writer, sink, hooks } = w.writer({ writeHighWaterMark: ANSWER.length * 4 });
    for (let n = 0; n < 4; n += 1) writer.respond(ANSWER);
    expect(writer.congested).toBe(true);
    w.turn();
    expect(hooks).toEqual([]);
    sink.drain();
    expect(writer.congested).toBe(false);
    expect(hooks).toEqual(['drained']);
    expect(w.memory()).toBe(0);
  });

  test('stays congested until half of its responses have left', () => {
    const w = world();
    const { writer, sink, hooks } = w.writer({ writeHighWaterMark: 200_000 });
    const large = frame(JSON.stringify({ Success: { message: 'x'.repeat(50_000 - 30) } }));
    for (let n = 0; n < 4; n += 1) writer.respond(large);
    w.turn();
    expect(writer.queuedBytes).toBe(200_000);
    sink.step();
    expect([writer.queuedBytes, writer.congested, hooks]).toEqual([150_000, true, []]);
    sink.step();
    expect([writer.queuedBytes, writer.congested, hooks]).toEqual([100_000, false, ['drained']]);
  });

  test('frees the responses and events that wait when it is cut', () => {
    const w = world({ eventHold: 0 });
    const { writer } = w.writer();
    w.subscribe(writer);
    w.turn();
    w.publish(3);
    for (let n = 0; n < 3; n += 1) writer.respond(ANSWER);
    expect(w.memory()).toBeGreaterThan(0);
    writer.destroy();
    expect(w.memory()).toBe(0);
  });

  test('finishes at once, though events are held back for a command', () => {
    const w = world();
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.publish(2);
    writer.finish();
    w.turn();
    sink.drain();
    expect(kinds(sink.frames)).toEqual(['Subscribed to events', 'log_line', 'log_line']);
    expect(sink.ended).toBe(true);
  });

  test('finishes: everything, then the end; a failure ends it too, and frees its memory', () => {
    const w = world({ eventHold: 0 });
    const one = w.writer();
    const two = w.writer();
    for (const { writer } of [one, two]) {
      w.subscribe(writer);
      w.publish(2);
      writer.finish();
    }
    w.turn();
    one.sink.drain();
    two.sink.step(new Error('EPIPE'));
    expect([one.sink.ended, one.hooks]).toEqual([true, ['finished']]);
    expect([two.sink.ended, two.hooks]).toEqual([true, ['finished']]);
    expect(one.sink.frames.length).toBeGreaterThanOrEqual(3);
    w.broker.remove(one.writer);
    w.broker.remove(two.writer);
    expect(w.memory()).toBe(0);
  });

  test('sends no heartbeat while it waits for the last events before its end', () => {
    const w = world({ eventHold: 0 });
    const [stalled, leaver] = [w.writer(), w.writer()];
    w.subscribe(stalled.writer);
    w.subscribe(leaver.writer);
    w.turn();
    w.publish(100);
    leaver.sink.drain();
    leaver.writer.finish();
    w.clock.block(30_000);
    leaver.writer.heartbeat(20_000);
    leaver.sink.drain();
    expect(kinds(leaver.sink.frames)).not.toContain('heartbeat');
  });

  test('ends when its sink throws, and frees its memory', () => {
    const w = world({ eventHold: 0 });
    const { writer, sink, hooks } = w.writer();
    sink.write = () => {
      throw new TypeError('not a chunk');
    };
    writer.respond(ANSWER);
    w.turn();
    expect([sink.ended, hooks, w.memory()]).toEqual([true, ['finished'], 0]);
  });

  test('goes on sending after its connection has thrown', () => {
    const sink = new FakeSink();
    const onResponsesDrained = () => {
      throw new Error('a fault of the connection');
    };
    const hooks = {
      onBehind: () => undefined,
      onCut: () => undefined,
      onBytes: () => undefined,
      onFinished: () => undefined,
      onResponsesDrained,
    };
    const limits = {
      queueBytes: 1,
      highWater: 1,
      lowWater: 1,
      eventHold: 0,
      whenFull: 'drop-oldest',
      writeHighWaterMark: 40_000,
    } as const;
    const writer = new Writer(sink, limits, new FakeClock(), hooks, (action) => action());
    const large = frame(JSON.stringify({ Success: { message: 'x'.repeat(30_000) } }));
    for (const response of [large, large, ANSWER]) writer.respond(response);
    sink.step();
    expect(() => sink.step()).toThrow('a fault of the connection');
    sink.drain();
    expect(sink.frames).toHaveLength(3);
  });
});
