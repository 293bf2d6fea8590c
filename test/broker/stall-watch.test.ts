// How long the flow waits for subscribers that do not read.
import { describe, expect, test } from 'vitest';
import { told, world } from '../support/broadcast.js';

describe('the flow', () => {
  test('waits 250 ms for a stalled subscriber while another is drained', () => {
    const w = world({ eventHold: 0 });
    const [stalled, reader] = w.subscribedPair();
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

  test('waits a second for a stalled subscriber if no other subscriber waits', () => {
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

  test('does not blame a subscriber for a main loop that was late', () => {
    const w = world({ eventHold: 0 });
    const [stalled, reader] = w.subscribedPair();
    w.publish(100);
    reader.sink.drain();
    w.clock.block(10_000);
    expect(stalled.writer.behind).toBe(false);
  });

  test('the grace is reset only by draining below low water', () => {
    const w = world({ eventHold: 0, queueBytes: 400_000, highWater: 300_000, lowWater: 50_000 });
    const [slow, reader] = w.subscribedPair();
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

  test('the grace begins again for a subscriber that has drained', () => {
    const w = world({ eventHold: 0 });
    const [slow, reader] = w.subscribedPair();
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

  test('waits for the only subscriber at least as long as the grace', () => {
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

  test('other subscribers that do not read do not count as waiting', () => {
    const w = world({ eventHold: 0 });
    const [one, two] = w.subscribedPair();
    w.publish(100);
    w.clock.advance(900);
    expect([one.writer.behind, two.writer.behind]).toEqual([false, false]);
    w.clock.advance(150);
    expect([one.writer.behind, two.writer.behind]).toEqual([true, true]);
  });

  test('a subscriber that is behind does not count as waiting, however little it keeps', () => {
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
});
