// A writer's subscription: whether the flow waits for it, which events it loses, and its reports.
import { describe, expect, test } from 'vitest';
import type { EventChunk } from '#dist/writer/event-queue.js';
import { Subscriber } from '#dist/writer/subscriber.js';
import type { WriterLimits } from '#dist/writer/writer-hooks.js';
import { FakeClock } from '../support/fake-clock.js';

/** A chunk of 100 bytes. */
const chunk = (count = 1): EventChunk => ({ bytes: Buffer.alloc(100), count, holders: 0 });

/** A subscriber whose flow waits from 200 bytes until less than 100 are left; behind, it keeps 300. */
function make(own: Partial<WriterLimits> = {}) {
  const told: string[] = [];
  const clock = new FakeClock();
  const limits = { queueBytes: 300, highWater: 200, lowWater: 100, writeHighWaterMark: 1, eventHold: 0 };
  const subscriber = new Subscriber(
    clock,
    { ...limits, whenFull: 'drop-oldest', ...own },
    () => undefined,
    () => told.push('ready'),
    (behind) => told.push(behind ? 'behind' : 'caught up'),
    () => told.push('cut'),
  );
  const hooks = {
    onFlow: () => void told.push('flow'),
    onDelivered: (events: number) => void told.push(`${events} delivered`),
    onDropped: (events: number) => void told.push(`${events} dropped`),
    onLeaving: () => void told.push('leaving'),
  };
  const push = (...counts: number[]): void => {
    for (const count of counts) subscriber.push(chunk(count));
  };
  return { subscriber, told, clock, push, begin: () => subscriber.begin(hooks), news: () => told.splice(0) };
}

/** The numbers of dropped events in the notices, and `events` for each chunk of events. */
const kinds = (pieces: readonly Uint8Array[]): string[] =>
  pieces.map((piece) => /"dropped":(\d+)/.exec(Buffer.from(piece).toString())?.[1] ?? 'events');

describe('a subscriber', () => {
  test('lets the flow wait from its high-water mark until it has drained', () => {
    const { subscriber, push, begin, news } = make();
    begin();
    push(1);
    expect([subscriber.blocking, subscriber.drained, news()]).toEqual([false, false, []]);
    push(2);
    expect([subscriber.blocking, subscriber.bytes, news()]).toEqual([true, 200, ['flow']]);
    expect(subscriber.take(100)).toHaveLength(1);
    subscriber.taken();
    expect([subscriber.blocking, subscriber.drained, news()]).toEqual([true, false, ['1 delivered']]);
    subscriber.take(100);
    subscriber.taken();
    expect([subscriber.blocking, subscriber.drained, news()]).toEqual([false, true, ['2 delivered', 'flow']]);
    expect([subscriber.empty, subscriber.behind]).toEqual([true, false]);
  });

  test('keeps every event while it is not behind, whatever its bound is', () => {
    for (const whenFull of ['drop-oldest', 'drop-newest', 'disconnect'] as const) {
      const { subscriber, push, begin, news } = make({ whenFull });
      begin();
      push(1, 1, 1, 1, 1);
      expect([subscriber.bytes, new Set(news())]).toEqual([500, new Set(['flow'])]);
    }
  });

  test('that is behind loses its oldest events', () => {
    const { subscriber, push, begin, news } = make();
    begin();
    push(1, 2, 4, 8);
    news();
    subscriber.fallBehind();
    expect(news()).toEqual(['behind', '1 dropped', 'flow']);
    expect([subscriber.bytes, subscriber.behind, subscriber.blocking]).toEqual([300, true, false]);
    push(16);
    expect([subscriber.bytes, news()]).toEqual([300, ['2 dropped']]);
    expect(kinds(subscriber.take(1000))).toEqual(['3', 'events', 'events', 'events']);
    subscriber.taken();
    expect([subscriber.behind, news()]).toEqual([false, ['28 delivered', 'flow', 'caught up']]);
  });

  test('that is behind within its bound loses nothing, and is told of nothing', () => {
    const { subscriber, push, begin, news } = make();
    begin();
    push(1, 1);
    subscriber.fallBehind();
    push(1);
    expect([subscriber.bytes, news()]).toEqual([300, ['flow', 'behind', 'flow']]);
    subscriber.take(100);
    subscriber.taken();
    expect([subscriber.behind, news()]).toEqual([true, ['1 delivered']]);
  });

  test('that is behind loses its newest events with drop-newest, and keeps those that fit', () => {
    const { subscriber, push, begin, news } = make({ whenFull: 'drop-newest' });
    begin();
    push(1, 1, 1, 1);
    news();
    subscriber.fallBehind();
    expect([subscriber.bytes, news()]).toEqual([400, ['behind', 'flow']]);
    push(7);
    expect([subscriber.bytes, news()]).toEqual([400, ['7 dropped']]);
    subscriber.take(200);
    push(1, 9);
    expect([subscriber.bytes, news()]).toEqual([300, ['2 delivered', '9 dropped']]);
    expect(kinds(subscriber.take(1000))).toEqual(['events', 'events', '7', 'events', '9']);
  });

  test('that is behind is cut with disconnect, and every event that waits or comes is dropped', () => {
    const { subscriber, push, begin, news } = make({ whenFull: 'disconnect' });
    begin();
    push(1, 2);
    news();
    subscriber.fallBehind();
    expect([subscriber.empty, subscriber.blocking, news()]).toEqual([
      true,
      false,
      ['3 dropped', 'cut', 'flow'],
    ]);
    push(4);
    expect([subscriber.empty, news()]).toEqual([true, ['4 dropped']]);
  });

  test('holds its events after Subscribe: the flow does not wait for them', () => {
    const { subscriber, push, begin, news, clock } = make({ eventHold: 50 });
    begin();
    push(1);
    clock.advance(50);
    expect(news()).toEqual(['ready']);
    push(1);
    expect([subscriber.blocking, news()]).toEqual([true, ['flow']]);
    begin();
    expect([subscriber.blocking, news()]).toEqual([false, []]);
    clock.advance(50);
    expect([subscriber.blocking, news()]).toEqual([true, ['flow', 'ready']]);
  });

  test('ends its hold at the high-water mark', () => {
    const { subscriber, push, begin, news } = make({ eventHold: 50 });
    begin();
    push(1, 1);
    expect([subscriber.hold.active, subscriber.blocking]).toEqual([false, true]);
    expect(news()).toContain('ready');
  });

  test('that leaves ends its hold, and stays until it has all events that matched before', () => {
    const { subscriber, begin, news } = make({ eventHold: 50 });
    begin();
    expect(subscriber.leaving).toBe(false);
    subscriber.leave();
    expect([subscriber.leaving, news()]).toEqual([true, ['ready', 'leaving']]);
    subscriber.left();
    expect(subscriber.leaving).toBe(false);
  });

  test('that is not subscribed leaves at once', () => {
    const { subscriber, begin, news } = make();
    subscriber.leave();
    expect([subscriber.leaving, news()]).toEqual([false, []]);
    begin();
    subscriber.end();
    subscriber.leave();
    expect([subscriber.leaving, news()]).toEqual([false, []]);
  });

  test('that can be sent nothing more drops all events and ends all waits', () => {
    const { subscriber, push, begin, news } = make();
    begin();
    push(1, 2);
    subscriber.leave();
    news();
    subscriber.clear();
    expect(news()).toEqual(['3 dropped', 'flow']);
    expect([subscriber.empty, subscriber.leaving, subscriber.blocking]).toEqual([true, false, false]);
    subscriber.clear();
    expect(news()).toEqual([]);
  });

  test('ends its hold when it can be sent nothing more', () => {
    const { subscriber, begin, clock } = make({ eventHold: 50 });
    begin();
    subscriber.clear();
    expect([subscriber.hold.active, clock.pending]).toEqual([false, 0]);
  });

  test('reports nothing to its former broker once the subscription is over', () => {
    for (const whenFull of ['drop-oldest', 'drop-newest', 'disconnect'] as const) {
      const { subscriber, push, begin, news, clock } = make({ whenFull, eventHold: 50 });
      begin();
      push(1);
      subscriber.end();
      push(1, 1, 1);
      clock.advance(50);
      subscriber.fallBehind();
      push(1, 1);
      subscriber.take(100);
      subscriber.taken();
      subscriber.clear();
      const reports = news().filter((one) => !['ready', 'behind', 'caught up', 'cut'].includes(one));
      expect(reports).toEqual([]);
      expect(subscriber.empty).toBe(true);
    }
  });

  test('has the time that the flow has waited for it', () => {
    const { subscriber } = make();
    expect(subscriber.stall).toEqual({ grace: 0, total: 0 });
  });

  test('is sent a heartbeat that counts as no event', () => {
    const { subscriber, begin, news } = make();
    begin();
    subscriber.pushHeartbeat();
    expect(Buffer.concat(subscriber.take(1000)).toString()).toContain('"heartbeat"');
    expect(news()).toEqual(['0 delivered']);
  });
});
