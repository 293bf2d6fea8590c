// The broker and its writers, driven by a clock and sinks of the test's own: no socket, no thread, no waiting.
import { fc, test as property } from '@fast-check/vitest';
import { encodeEvent, type EventFilter } from 'bunctl-ipc/protocol';
import { describe, expect, test } from 'vitest';
import { Broker } from '#dist/broker/broker.js';
import { ResponseQueue } from '#dist/writer/chunk-queue.js';
import { Writer } from '#dist/writer/writer.js';
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

function world(limits: Partial<typeof LIMITS> = {}, stallGrace = 250) {
  const clock = new FakeClock();
  const broker = new Broker({ clock, stallGrace, heartbeat: 20_000 });
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
    publish(
      count: number,
      data: object = { filler: 'x'.repeat(60) },
      { eventType = 'log_line', appName = 'a' }: { eventType?: string; appName?: string | null } = {},
    ) {
      for (let n = 0; n < count; n += 1) {
        const run = encodeEvent(eventType, data);
        broker.accept([{ eventType, appName, bytes: run, count: 1 }], (size) => (released += size));
      }
    },
    /** Publishes until the flow would wait for this one, while the others read; leaves nothing in the mailbox. */
    fill(
      full: Writer,
      readers: readonly FakeSink[] = [],
      what?: { eventType?: string; appName?: string | null },
    ) {
      for (let n = 0; n < 1000 && !full.blocking; n += 1) {
        this.publish(1, { filler: 'x'.repeat(60) }, what);
        for (const sink of readers) sink.drain();
      }
      expect(full.blocking).toBe(true);
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
const numbers = (frames: readonly unknown[]): number[] =>
  (frames as { Event?: { data: { n?: number } } }[]).flatMap(({ Event }) => Event?.data.n ?? []);
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

  test('at the bound of its responses it stays there until half of them have left', () => {
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

  test('one that is cut frees what waits, responses and events', () => {
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
    const w = world({ eventHold: 0, queueBytes: 400_000, highWater: 300_000, lowWater: 50_000 });
    const [slow, reader] = [w.writer(), w.writer()];
    w.subscribe(slow.writer);
    w.subscribe(reader.writer);
    w.turn();
    w.publish(60, { filler: 'x'.repeat(30_000) });
    // It takes a chunk now and then, which never brings it below low water.
    for (let round = 0; round < 4; round += 1) {
      reader.sink.drain();
      expect(slow.writer.behind).toBe(round === 3);
      w.clock.advance(100);
      slow.sink.step();
      expect(slow.writer.eventBytes).toBeGreaterThan(50_000);
    }
  });

  test('the grace begins anew for one who has drained', () => {
    const w = world({ eventHold: 0 });
    const [slow, reader] = [w.writer(), w.writer()];
    w.subscribe(slow.writer);
    w.subscribe(reader.writer);
    w.turn();
    for (let round = 0; round < 5; round += 1) {
      w.fill(slow.writer, [reader.sink]);
      w.publish(1);
      reader.sink.drain();
      w.clock.advance(200);
      expect(slow.writer.behind).toBe(false);
      slow.sink.drain();
    }
    expect(told(slow.sink.frames).dropped).toBe(0);
  });

  test('waits for one alone no shorter than the grace', () => {
    const w = world({ eventHold: 0 }, 3000);
    const { writer } = w.writer();
    w.subscribe(writer);
    w.turn();
    w.publish(100);
    w.clock.advance(2900);
    expect(writer.behind).toBe(false);
    w.clock.advance(200);
    expect(writer.behind).toBe(true);
  });

  test('others who do not read either do not count as waiting', () => {
    const w = world({ eventHold: 0 });
    const [one, two] = [w.writer(), w.writer()];
    w.subscribe(one.writer);
    w.subscribe(two.writer);
    w.turn();
    w.publish(100);
    w.clock.advance(900);
    expect([one.writer.behind, two.writer.behind]).toEqual([false, false]);
    w.clock.advance(150);
    expect([one.writer.behind, two.writer.behind]).toEqual([true, true]);
  });

  test('one who is behind does not count as waiting, however little it keeps', () => {
    const w = world({ eventHold: 0 });
    const [behind, slow] = [w.writer(), w.writer()];
    w.subscribe(behind.writer, { kind: 'LogEvents', appName: null });
    w.subscribe(slow.writer);
    w.turn();
    w.publish(1, { filler: 'x'.repeat(20_000) });
    slow.sink.drain();
    w.publish(1);
    w.clock.advance(300);
    slow.sink.drain();
    expect([behind.writer.behind, behind.writer.drained]).toEqual([true, true]);
    w.fill(slow.writer, [], { eventType: 'x' });
    w.publish(1);
    w.clock.advance(900);
    expect(slow.writer.behind).toBe(false);
  });

  test('waits for nobody whom an event is not for', () => {
    const w = world({ eventHold: 0 });
    const [stalled, reader] = [w.writer(), w.writer()];
    w.subscribe(stalled.writer, { kind: 'AllEvents', appName: 'a' });
    w.subscribe(reader.writer, { kind: 'AllEvents', appName: 'b' });
    w.turn();
    reader.sink.drain();
    w.fill(stalled.writer);
    w.publish(1, { n: 1 }, { appName: 'b' });
    expect(numbers(reader.sink.frames)).toEqual([1]);
    expect(w.broker.stats().waiting).toBe(false);
    w.publish(1);
    expect(w.broker.stats().waiting).toBe(true);
  });

  test('goes on at once when the one it waits for is gone', () => {
    const w = world({ eventHold: 0 });
    const [stalled, reader] = [w.writer(), w.writer()];
    w.subscribe(stalled.writer);
    w.subscribe(reader.writer);
    w.turn();
    w.publish(100);
    reader.sink.drain();
    const before = reader.sink.frames.length;
    expect(before).toBeLessThan(101);
    stalled.writer.destroy();
    w.broker.remove(stalled.writer);
    expect(reader.sink.frames.length).toBeGreaterThan(before);
    reader.sink.drain();
    expect(told(reader.sink.frames)).toEqual({ delivered: 100, dropped: 0 });
  });

  test('what has waited goes out in chunks of at most 64 KiB, to each what passes its filter', () => {
    const w = world({ eventHold: 0, queueBytes: 1e6, highWater: 5e5, lowWater: 1e5 });
    const stalled = w.writer({ queueBytes: 4000, highWater: 2000, lowWater: 500 });
    w.subscribe(stalled.writer);
    const filters: EventFilter[] = [
      { kind: 'LogEvents', appName: null },
      { kind: 'AllEvents', appName: 'b' },
      { kind: 'StatusEvents', appName: 'a' },
      { kind: 'AllEvents', appName: '*' },
    ];
    const readers = filters.map((filter) => {
      const reader = w.writer();
      w.subscribe(reader.writer, filter);
      return reader;
    });
    w.turn();
    for (const { sink } of readers) sink.drain();
    w.fill(stalled.writer, [], { eventType: 'x', appName: 'none' });
    const filler = 'x'.repeat(3000);
    for (let n = 0; n < 90; n += 3) {
      w.publish(1, { n, filler }, { appName: 'a' });
      w.publish(1, { n: n + 1, filler }, { appName: 'b', eventType: 'process_started' });
      w.publish(1, { n: n + 2, filler }, { appName: 'a', eventType: 'process_exited' });
    }
    expect(readers.flatMap(({ sink }) => numbers(sink.frames))).toEqual([]);
    for (let round = 0; round < 100; round += 1) {
      stalled.sink.drain();
      for (const { sink } of readers) sink.drain();
    }
    const every = (from: number) => Array.from({ length: 30 }, (_, n) => from + 3 * n);
    expect(readers.map(({ sink }) => numbers(sink.frames))).toEqual([every(0), every(1), every(2), []]);
    expect(numbers(stalled.sink.frames)).toEqual(Array.from({ length: 90 }, (_, n) => n));
    for (const { sink } of [stalled, ...readers])
      expect(Math.max(...sink.chunks)).toBeLessThanOrEqual(65_536);
  });

  test('a new subscription gets events of kinds that were published before', () => {
    const w = world({ eventHold: 0 });
    const [first, second] = [w.writer(), w.writer()];
    w.subscribe(first.writer);
    w.turn();
    w.publish(1, { n: 1 });
    w.subscribe(second.writer, { kind: 'LogEvents', appName: 'a' });
    w.turn();
    w.publish(1, { n: 2 });
    second.sink.drain();
    expect(numbers(second.sink.frames)).toEqual([2]);
  });

  test('a second Subscribe in the middle of a wait loses nothing, and what was owed goes before its Success', () => {
    const w = world({ eventHold: 0 });
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.turn();
    for (let n = 0; n < 100; n += 1) w.publish(1, { n, filler: 'x'.repeat(60) });
    const owed =
      100 - w.broker.stats().mailboxBytes / encodeEvent('log_line', { n: 10, filler: 'x'.repeat(60) }).length;
    expect(w.broker.stats().waiting).toBe(true);
    w.subscribe(writer, { kind: 'LogEvents', appName: 'a' });
    w.turn();
    sink.drain();
    expect(numbers(sink.frames)).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(kinds(sink.frames).lastIndexOf('Subscribed to events')).toBe(1 + owed);
  });

  test('one who is behind keeps its newest event, however large', () => {
    const w = world({ eventHold: 0 });
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.turn();
    w.publish(100);
    w.clock.advance(1100);
    expect(writer.behind).toBe(true);
    w.publish(1, { n: 7, filler: 'x'.repeat(20_000) });
    expect(writer.eventBytes).toBeLessThan(21_000);
    sink.drain();
    expect(numbers(sink.frames)).toEqual([7]);
    expect(told(sink.frames)).toEqual({
      delivered: expect.any(Number) as number,
      dropped: 101 - told(sink.frames).delivered,
    });
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

  test('one who does not read gets no heartbeats on top of what waits', () => {
    const w = world({ eventHold: 0 });
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.turn();
    sink.drain();
    w.publish(1);
    w.clock.advance(60_000);
    expect(writer.queuedBytes).toBe(0);
    sink.step();
    expect(kinds(sink.frames)).toEqual(['Subscribed to events', 'log_line']);
  });

  const FILTERS: readonly EventFilter[] = [
    ALL,
    { kind: 'LogEvents', appName: null },
    { kind: 'AllEvents', appName: 'a' },
  ];
  property.prop([
    fc.array(
      fc.oneof(
        fc.record({ do: fc.constant('publish' as const), count: fc.nat(60) }),
        fc.record({ do: fc.constant('read' as const), who: fc.nat(2), chunks: fc.nat(5) }),
        fc.record({ do: fc.constant('wait' as const), ms: fc.nat(1500) }),
        fc.record({ do: fc.constant('answer' as const), who: fc.nat(2) }),
        fc.record({
          do: fc.constant('subscribe' as const),
          who: fc.nat(2),
          filter: fc.constantFrom(...FILTERS),
        }),
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
      // Every one of the filters passes all that is published, so a change of them may not show.
      else if (step.do === 'subscribe')
        w.subscribe((writers[step.who] as (typeof writers)[0]).writer, step.filter);
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
