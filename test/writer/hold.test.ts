// The hold of events after Subscribe.
import { describe, expect, test } from 'vitest';
import { ANSWER, kinds, world } from '../support/broadcast.js';

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

  test('of more than a second is as long for a command that comes late', () => {
    const w = world({ eventHold: 3000 });
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.publish(1);
    w.clock.advance(1500);
    writer.commandReceived();
    w.clock.advance(1499);
    w.turn();
    sink.drain();
    expect(kinds(sink.frames)).toEqual(['Subscribed to events']);
    w.clock.advance(1);
    w.turn();
    sink.drain();
    expect(kinds(sink.frames)).toEqual(['Subscribed to events', 'log_line']);
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

  test('begins anew with the next Subscribe, and waits for its command too', () => {
    const w = world();
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    writer.commandReceived();
    writer.respond(ANSWER);
    w.subscribe(writer);
    writer.commandReceived();
    w.publish(1);
    w.clock.advance(999);
    w.turn();
    sink.drain();
    expect(kinds(sink.frames)).not.toContain('log_line');
    w.clock.advance(1);
    w.turn();
    sink.drain();
    expect(kinds(sink.frames).at(-1)).toBe('log_line');
  });

  test('waits a second in all, however many commands follow', () => {
    const w = world();
    const { writer, sink } = w.writer();
    w.subscribe(writer);
    w.publish(1);
    w.turn();
    sink.drain();
    for (let elapsed = 0; elapsed < 1000; elapsed += 90) {
      writer.commandReceived();
      w.clock.advance(90);
    }
    w.turn();
    sink.drain();
    expect(kinds(sink.frames)).toEqual(['Subscribed to events', 'log_line']);
  });
});
