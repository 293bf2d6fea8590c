// The broker and its writers, driven by a clock and sinks of the test's own: no socket, no thread, no waiting.
import { fc, test as property } from '@fast-check/vitest';
import { encodeEvent, type EventFilter } from 'bunctl-ipc/protocol';
import { describe, expect, test } from 'vitest';
import { Broker } from '#dist/broker/broker.js';
import { ResponseQueue } from '#dist/broker/chunk-queue.js';
import { Writer } from '#dist/broker/writer.js';
import { FakeClock } from '../support/fake-clock.js';
import { FakeSink } from '../support/fake-sink.js';
import { frame } from '../support/raw-client.js';

const ALL: EventFilter = { kind: 'AllEvents', appName: null };
const LIMITS = {
  queueBytes: 4000,
  highWater: 2000,
  lowWater: 500,
  writeHighWaterMark: 1000,
  eventHold: 100,
};

function world(limits: Partial<typeof LIMITS> = {}) {
  const clock = new FakeClock();
  const broker = new Broker({ clock, stallGrace: 250, heartbeat: 20_000 });
  const deferred: (() => void)[] = [];
  let bytes = 0;
  let released = 0;
  const writer = (own: Partial<typeof LIMITS> = {}) => {
    const sink = new FakeSink();
    const events: string[] = [];
    const made = new Writer(
      sink,
      { ...LIMITS, ...limits, ...own },
      clock,
      {
        onBytes: (delta) => (bytes += delta),
        onResponsesDrained: () => void events.push('drained'),
        onFinished: () => void events.push('finished'),
      },
      (action) => void deferred.push(action),
    );
    return { sink, writer: made, hooks: events };
  };
  return {
    clock,
    broker,
    writer,
    subscribe: (to: Writer, filter = ALL) => broker.subscribe(to, filter, SUCCESS),
    publish(count: number, data: object = { filler: 'x'.repeat(60) }) {
      for (let n = 0; n < count; n += 1) {
        const run = encodeEvent('log_line', data);
        broker.accept(
          [{ eventType: 'log_line', appName: 'a', bytes: run, count: 1 }],
          (size) => (released += size),
        );
      }
    },
    turn() {
      for (const action of deferred.splice(0)) action();
    },
    memory: () => bytes,
    released: () => released,
  };
}
const SUCCESS = frame('{"Success":{"message":"Subscribed to events"}}');
const ANSWER = frame('{"Success":{"message":"done"}}');
const kinds = (frames: readonly unknown[]): string[] =>
  frames.map((one) => {
    const { Event, Success } = one as { Event?: { event_type: string }; Success?: { message: string } };
    return Event?.event_type ?? Success?.message ?? 'other';
  });
const told = (frames: readonly unknown[]): { delivered: number; dropped: number } => {
  const events = (frames as { Event?: { event_type: string; data: { dropped: number } } }[]).flatMap(
    ({ Event }) => Event ?? [],
  );
  const dropped = events.filter(({ event_type }) => event_type === 'events_dropped');
  return {
    delivered: events.length - dropped.length,
    dropped: dropped.reduce((sum, { data }) => sum + data.dropped, 0),
  };
};

describe('responses that wait', () => {
  test('keep no more alive than themselves, whatever message they came in', () => {
    const queue = new ResponseQueue(1024);
    const message = Buffer.alloc(8 * 1024 * 1024);
    queue.push(message.subarray(0, 8192), true);
    queue.push(message.subarray(8192, 8200), true);
    const half = Buffer.alloc(300_000);
    queue.push(half.subarray(0, 100), false);
    const pieces = queue.take(1_000_000);
    expect(pieces.map((piece) => piece.byteLength)).toEqual([8192, 8, 100]);
    for (const { buffer } of pieces) expect(buffer.byteLength).toBeLessThan(32 * 1024);
  });

  test('are congested at their bound, and relieved at half of it, what is under way included', () => {
    const queue = new ResponseQueue(100);
    queue.push(Buffer.alloc(60), false);
    queue.take(60);
    queue.push(Buffer.alloc(40), true);
    expect([queue.bytes, queue.congested]).toEqual([100, true]);
    expect([queue.left(), queue.congested]).toEqual([{ bytes: 60, relieved: true }, false]);
    queue.push(Buffer.alloc(30), false);
    queue.push(Buffer.alloc(30), false);
    expect(queue.congested).toBe(true);
    queue.take(40);
    expect(queue.left()).toEqual({ bytes: 40, relieved: false });
  });
});

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

  test('chunks are whole frames of at most 64 KiB, save a larger one alone', () => {
    const w = world({ eventHold: 0, queueBytes: 1e6, highWater: 5e5, lowWater: 1e5 });
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.turn();
    w.publish(200, { filler: 'x'.repeat(1000) });
    w.publish(1, { filler: 'x'.repeat(100_000) });
    sink.drain();
    expect(sink.frames).toHaveLength(202);
    expect(sink.chunks.filter((bytes) => bytes > 65_536)).toHaveLength(1);
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

  test('finishes: all of it, then the end; a failure ends it too, and frees its memory', () => {
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
});

describe('the hold after Subscribe', () => {
  test('keeps events back for 100 ms without a command', () => {
    const w = world();
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.publish(1);
    w.turn();
    sink.drain();
    w.clock.advance(99);
    w.turn();
    expect(kinds(sink.frames)).toEqual(['Subscribed to events']);
    w.clock.advance(1);
    w.turn();
    sink.drain();
    expect(kinds(sink.frames)).toEqual(['Subscribed to events', 'log_line']);
  });

  test('waits for the answer of the next command, a second at most', () => {
    for (const answered of [true, false]) {
      const w = world();
      const { writer, sink } = w.writer();
      w.subscribe(writer);
      w.publish(1);
      w.clock.advance(90);
      writer.commandReceived();
      w.clock.advance(900);
      w.turn();
      sink.drain();
      expect(kinds(sink.frames)).toEqual(['Subscribed to events']);
      if (answered) writer.respond(ANSWER);
      else w.clock.advance(10);
      w.turn();
      sink.drain();
      expect(kinds(sink.frames).slice(1)).toEqual(answered ? ['done', 'log_line'] : ['log_line']);
      w.publish(1);
      expect(sink.frames).toHaveLength(answered ? 4 : 3);
    }
  });

  test('ends at high water: the flow never waits for a held writer', () => {
    const w = world();
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.turn();
    sink.drain();
    w.publish(30);
    w.turn();
    expect(sink.frames.length).toBeGreaterThan(1);
  });
});

describe('the flow', () => {
  test('waits for a full writer, and goes on when it has drained', () => {
    const w = world({ eventHold: 0 });
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.turn();
    w.publish(100);
    expect(w.broker.stats()).toMatchObject({ waiting: true, dropped: 0 });
    const before = w.released();
    sink.drain();
    expect(w.released()).toBeGreaterThan(before);
    expect(told(sink.frames)).toEqual({ delivered: 100, dropped: 0 });
    expect(w.broker.stats()).toMatchObject({ waiting: false, mailboxBytes: 0, delivered: 100, routed: 100 });
  });

  test('waits 250 ms for a stalled one while another is drained', () => {
    const w = world({ eventHold: 0 });
    const [stalled, reader] = [w.writer(), w.writer()];
    w.subscribe(stalled.writer);
    w.subscribe(reader.writer);
    w.turn();
    w.publish(100);
    reader.sink.drain();
    w.clock.advance(200);
    reader.sink.drain();
    expect(stalled.writer.behind).toBe(false);
    w.clock.advance(100);
    reader.sink.drain();
    expect(stalled.writer.behind).toBe(true);
    expect(told(reader.sink.frames)).toEqual({ delivered: 100, dropped: 0 });
    stalled.sink.drain();
    const { delivered, dropped } = told(stalled.sink.frames);
    expect(dropped).toBeGreaterThan(0);
    expect(delivered + dropped).toBe(100);
    expect(stalled.writer.behind).toBe(false);
  });

  test('waits a second for a stalled one when nobody else does', () => {
    const w = world({ eventHold: 0 });
    const { writer } = w.writer();
    w.subscribe(writer);
    w.turn();
    w.publish(100);
    w.clock.advance(950);
    expect(writer.behind).toBe(false);
    w.clock.advance(100);
    expect(writer.behind).toBe(true);
    expect(w.broker.stats()).toMatchObject({ waiting: false, mailboxBytes: 0 });
  });

  test('does not hold a main loop that was late against a subscriber', () => {
    const w = world({ eventHold: 0 });
    const [stalled, reader] = [w.writer(), w.writer()];
    w.subscribe(stalled.writer);
    w.subscribe(reader.writer);
    w.turn();
    w.publish(100);
    reader.sink.drain();
    w.clock.block(10_000);
    expect(stalled.writer.behind).toBe(false);
  });

  test('the grace is reset only by draining below low water', () => {
    const w = world({ eventHold: 0 });
    const [slow, reader] = [w.writer(), w.writer()];
    w.subscribe(slow.writer);
    w.subscribe(reader.writer);
    w.turn();
    slow.sink.step();
    w.publish(400);
    // It takes a chunk now and then, which never brings it below low water before the flow fills it again.
    for (let round = 0; round < 40 && !slow.writer.behind; round += 1) {
      reader.sink.drain();
      w.clock.advance(25);
    }
    expect(slow.writer.behind).toBe(true);
  });

  test('an event larger than the queue is delivered', () => {
    const w = world({ eventHold: 0 });
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.turn();
    w.publish(1, { filler: 'x'.repeat(20_000) });
    sink.drain();
    expect(told(sink.frames)).toEqual({ delivered: 1, dropped: 0 });
  });

  test('one who is behind and unsubscribes is told what it missed before its Success', () => {
    const w = world({ eventHold: 0 });
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.turn();
    w.publish(200);
    w.clock.advance(1100);
    w.broker.unsubscribe(writer, frame('{"Success":{"message":"Unsubscribed from events"}}'));
    w.publish(5);
    w.turn();
    sink.drain();
    const { delivered, dropped } = told(sink.frames);
    expect(delivered + dropped).toBe(200);
    expect(kinds(sink.frames).at(-1)).toBe('Unsubscribed from events');
  });

  test('a second subscription replaces the first', () => {
    const w = world({ eventHold: 0 });
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.subscribe(writer);
    w.turn();
    w.publish(1);
    sink.drain();
    expect(told(sink.frames)).toEqual({ delivered: 1, dropped: 0 });
    expect(w.broker.stats().subscribers).toBe(1);
  });

  test('an idle subscriber gets a heartbeat after 20 s of silence, a busy one none', () => {
    const w = world({ eventHold: 0 });
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.turn();
    sink.drain();
    w.clock.advance(15_000);
    w.publish(1);
    sink.drain();
    w.clock.advance(19_000);
    expect(kinds(sink.frames)).not.toContain('heartbeat');
    w.clock.advance(2000);
    sink.drain();
    expect(kinds(sink.frames).at(-1)).toBe('heartbeat');
  });

  property.prop([
    fc.array(
      fc.oneof(
        fc.record({ do: fc.constant('publish' as const), count: fc.nat(60) }),
        fc.record({ do: fc.constant('read' as const), who: fc.nat(2), chunks: fc.nat(5) }),
        fc.record({ do: fc.constant('wait' as const), ms: fc.nat(1500) }),
        fc.record({ do: fc.constant('answer' as const), who: fc.nat(2) }),
      ),
      { maxLength: 60 },
    ),
  ])('delivered + dropped = matched, whoever reads how much when, and memory is bounded', (steps) => {
    const w = world();
    const writers = [w.writer(), w.writer(), w.writer()];
    for (const { writer } of writers) w.subscribe(writer);
    let published = 0;
    for (const step of steps) {
      if (step.do === 'publish') {
        w.publish(step.count);
        published += step.count;
      } else if (step.do === 'wait') w.clock.advance(step.ms);
      else if (step.do === 'answer') writers[step.who]?.writer.respond(ANSWER);
      else for (let n = 0; n < step.chunks; n += 1) writers[step.who]?.sink.step();
      w.turn();
      for (const { writer } of writers) expect(writer.eventBytes).toBeLessThanOrEqual(4000 + 65_536);
    }
    for (let round = 0; round < 100; round += 1) {
      w.clock.advance(200);
      w.turn();
      for (const { sink } of writers) sink.drain();
    }
    for (const { sink } of writers) {
      const { delivered, dropped } = told(sink.frames.filter((one) => kinds([one])[0] !== 'heartbeat'));
      expect(delivered + dropped).toBe(published);
    }
    expect(w.memory()).toBe(0);
  });
});
