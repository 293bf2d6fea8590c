// The broker and its flow, driven with the test's own clock and sinks.
import fc from 'fast-check';
import { encodeEvent, type EventFilter } from 'bunctl-ipc/protocol';
import { describe, expect, test, vi } from 'vitest';
import { ALL, ANSWER, kinds, numbers, told, world } from '../support/broadcast.js';
import { frame } from '../support/raw-client.js';
import { property } from '../support/property.js';

describe('the broker', () => {
  test('the flow waits for a full writer, and goes on when it has drained', () => {
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

  test('the flow does not wait for a full subscriber that an event is not for', () => {
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

  test('the flow goes on at once when the subscriber that it waits for is gone', () => {
    const w = world({ eventHold: 0 });
    const [stalled, reader] = w.subscribedPair();
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

  test('waiting events go out in chunks of at most 32 KiB; each subscriber gets the events that pass its filter', () => {
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
      expect(Math.max(...sink.chunks)).toBeLessThanOrEqual(32_768);
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

  test('a second Subscribe in the middle of a wait loses nothing, and the events that waited go before its Success', () => {
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

  test('a subscriber that is behind keeps its newest event, however large', () => {
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

  test('events that wait for a connection that ends count as dropped', () => {
    const w = world({ eventHold: 0 });
    const { writer } = w.writer();
    w.subscribe(writer);
    w.turn();
    w.publish(10);
    w.broker.remove(writer);
    writer.destroy();
    const { delivered, dropped } = w.broker.stats();
    expect([delivered + dropped, dropped > 0]).toEqual([10, true]);
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

  test('no event goes before the Success of its subscription, even if both are due in one turn', () => {
    const w = world({ eventHold: 0 });
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.publish(1);
    w.turn();
    sink.drain();
    expect(kinds(sink.frames)).toEqual(['Subscribed to events', 'log_line']);
  });

  test('no event follows the answer to Unsubscribe, even if the flow waited for that subscriber', () => {
    const w = world({ eventHold: 0 });
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.turn();
    sink.drain();
    w.fill(writer);
    w.publish(10);
    expect(w.broker.stats()).toMatchObject({ waiting: true });
    w.broker.unsubscribe(writer, ANSWER);
    w.turn();
    sink.drain();
    expect(kinds(sink.frames).at(-1)).toBe('done');
    expect(w.broker.stats()).toMatchObject({ waiting: false, mailboxBytes: 0 });
  });

  test('a subscriber that is behind and unsubscribes is told the number of missed events before its Success', () => {
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

  test('an idle subscriber gets a heartbeat after 20 s of silence, a busy one does not', () => {
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

  test('a subscriber that does not read gets no heartbeats in addition to the waiting events', () => {
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

  test('a writer that finishes gets every event that was accepted before, and none after, then the end', () => {
    const w = world({ eventHold: 0 });
    const [stalled, leaver] = w.subscribedPair();
    for (let n = 0; n < 100; n += 1) w.publish(1, { n, filler: 'x'.repeat(60) });
    expect(w.broker.stats().waiting).toBe(true);
    leaver.writer.finish();
    for (let n = 100; n < 120; n += 1) w.publish(1, { n, filler: 'x'.repeat(60) });
    w.turn();
    leaver.sink.drain();
    expect(leaver.sink.ended).toBe(false);
    for (let round = 0; round < 10; round += 1) {
      for (const { sink } of [stalled, leaver]) sink.drain();
      w.turn();
    }
    expect(numbers(leaver.sink.frames)).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(numbers(stalled.sink.frames)).toEqual(Array.from({ length: 120 }, (_, n) => n));
    expect([leaver.sink.ended, leaver.hooks, w.broker.stats().subscribers]).toEqual([true, ['finished'], 1]);
  });

  test('a writer that finishes while it is behind is told the number of missed events, then ends', () => {
    const w = world({ eventHold: 0 });
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.turn();
    w.publish(200);
    writer.finish();
    w.publish(50);
    w.clock.advance(1100);
    for (let round = 0; round < 10; round += 1) {
      sink.drain();
      w.turn();
    }
    const { delivered, dropped } = told(sink.frames);
    expect([delivered + dropped, dropped > 0, sink.ended]).toEqual([200, true, true]);
    expect(w.broker.stats()).toMatchObject({ subscribers: 0, delivered, dropped, waiting: false });
  });

  test('a writer that is finishing is not held up by a broker that has closed', () => {
    for (const first of ['finish', 'close'] as const) {
      const w = world({ eventHold: 0 });
      const { writer, sink } = w.writer();
      w.subscribe(writer);
      w.turn();
      w.publish(100);
      if (first === 'finish') writer.finish();
      w.broker.close();
      writer.finish();
      for (let round = 0; round < 10; round += 1) {
        sink.drain();
        w.turn();
      }
      expect(sink.ended).toBe(true);
    }
  });

  test('an exception in one writer ends its connection; the others lose no event', () => {
    const w = world({ eventHold: 0 });
    const [broken, reader] = w.subscribedPair();
    const fault = new Error('out of order');
    broken.writer.offer = () => {
      throw fault;
    };
    for (let n = 0; n < 3; n += 1) w.publish(1, { n });
    reader.sink.drain();
    expect(numbers(reader.sink.frames)).toEqual([0, 1, 2]);
    expect([w.faults, broken.sink.destroyed, w.broker.stats().subscribers]).toEqual([[fault], true, 1]);
  });

  test('an exception in a heartbeat does not stop later heartbeats of the others', () => {
    const w = world({ eventHold: 0 });
    const [broken, reader] = w.subscribedPair();
    for (const { sink } of [broken, reader]) sink.drain();
    broken.writer.heartbeat = () => {
      throw new Error('out of order');
    };
    for (let round = 0; round < 2; round += 1) {
      w.clock.advance(22_000);
      reader.sink.drain();
    }
    expect(kinds(reader.sink.frames).slice(1)).toEqual(['heartbeat', 'heartbeat']);
    expect(broken.sink.destroyed).toBe(true);
  });

  test('an exception in returning credit stops neither the events nor the credit of others', () => {
    const w = world({ eventHold: 0 });
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.turn();
    const run = { eventType: 'log_line', appName: 'a', bytes: encodeEvent('log_line', { n: 0 }), count: 1 };
    w.broker.accept([run], () => {
      throw new Error('a port that is closed');
    });
    w.publish(1, { n: 1 });
    sink.drain();
    expect(numbers(sink.frames)).toEqual([0, 1]);
    expect([w.faults.length, w.released() > 0, w.broker.stats().mailboxBytes]).toEqual([1, true, 0]);
  });

  test('events that could not be routed for lack of memory are routed when there is memory again', () => {
    const w = world({ eventHold: 0 });
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.turn();
    const runs = [0, 1].map((n) => {
      const bytes = encodeEvent('log_line', { n });
      return { eventType: 'log_line', appName: 'a', bytes, count: 1 };
    });
    const full = vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementationOnce(() => {
      throw new RangeError('Array buffer allocation failed');
    });
    expect(() => w.broker.accept(runs, () => undefined)).toThrow(RangeError);
    full.mockRestore();
    w.publish(1, { n: 2 });
    sink.drain();
    expect(numbers(sink.frames)).toEqual([0, 1, 2]);
  });

  test('counts events, not runs of them', () => {
    const w = world({ eventHold: 0 });
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.turn();
    const bytes = Buffer.concat([1, 2, 3].map((n) => encodeEvent('log_line', { n })));
    w.broker.accept([{ eventType: 'log_line', appName: 'a', bytes, count: 3 }], () => undefined);
    sink.drain();
    expect(w.broker.stats()).toMatchObject({ routed: 3, delivered: 3 });
  });

  test('a full writer whose socket has failed does not delay the others', () => {
    const w = world({ eventHold: 0 });
    const [failed, reader] = w.subscribedPair();
    w.publish(100);
    expect(w.broker.stats().waiting).toBe(true);
    failed.sink.step(new Error('EPIPE'));
    reader.sink.drain();
    expect(told(reader.sink.frames)).toEqual({ delivered: 100, dropped: 0 });
  });

  const FILTERS: readonly EventFilter[] = [
    ALL,
    { kind: 'LogEvents', appName: null },
    { kind: 'AllEvents', appName: 'a' },
  ];
  property([
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
      for (const { writer } of writers) expect(writer.eventBytes).toBeLessThanOrEqual(4000 + 32_768);
    }
    for (let round = 0; round < 100; round += 1) {
      w.clock.advance(200);
      w.turn();
      for (const { sink } of writers) sink.drain();
    }
    const all = { delivered: 0, dropped: 0 };
    for (const { sink } of writers) {
      const { delivered, dropped } = told(sink.frames.filter((one) => kinds([one])[0] !== 'heartbeat'));
      expect(delivered + dropped).toBe(published);
      all.delivered += delivered;
      all.dropped += dropped;
    }
    expect(w.broker.stats()).toMatchObject(all);
    expect(w.memory()).toBe(0);
  });
});
