// The events that wait for one subscriber, and the count of those that were dropped.
import { describe, expect, test } from 'vitest';
import { type EventChunk, EventQueue } from '#dist/writer/event-queue.js';

const chunk = (bytes: number, count: number): EventChunk => ({
  bytes: Buffer.alloc(bytes),
  count,
  holders: 0,
});
const text = (piece: Uint8Array | undefined): string => Buffer.from(piece ?? []).toString();

function counted() {
  const held = { bytes: 0 };
  const queue = (): EventQueue => new EventQueue((delta) => (held.bytes += delta));
  return { held, queue };
}

describe('the events that wait', () => {
  test('are dropped as whole chunks from the head, down to the bound, and counted', () => {
    const queue = counted().queue();
    for (const count of [1, 2, 3, 4]) queue.push(chunk(100, count));
    expect([queue.dropTo(400), queue.bytes]).toEqual([0, 400]);
    expect([queue.dropTo(250), queue.bytes]).toEqual([3, 200]);
    expect([queue.dropTo(0), queue.bytes]).toEqual([3, 100]);
    expect([queue.dropTo(0), queue.bytes]).toEqual([0, 100]);
    const { pieces, count } = queue.take(1000);
    expect([pieces.length, count]).toEqual([2, 4]);
    expect(text(pieces[0])).toContain('"event_type":"events_dropped","data":{"dropped":6}');
  });

  test('are dropped in place of being queued; a notice stands where they would have been', () => {
    const { held, queue: make } = counted();
    const queue = make();
    queue.push(chunk(100, 1));
    queue.dropNewest(2);
    queue.dropNewest(3);
    queue.push(chunk(100, 4));
    queue.dropNewest(5);
    const told = queue.take(1000);
    expect(told.count).toBe(5);
    expect(told.pieces.map((piece) => /"dropped":(\d+)/.exec(text(piece))?.[1] ?? 'events')).toEqual([
      'events',
      '5',
      'events',
      '5',
    ]);
    expect([queue.empty, queue.bytes, held.bytes]).toEqual([true, 0, 0]);
  });

  test('are owed a notice though none of them is left', () => {
    const queue = counted().queue();
    expect(queue.empty).toBe(true);
    queue.dropNewest(2);
    expect(queue.empty).toBe(false);
    expect(text(queue.take(1000).pieces[0])).toContain('"dropped":2');
    expect(queue.empty).toBe(true);
  });

  test('are owed another notice for those that are dropped after the first notice has left', () => {
    const queue = counted().queue();
    queue.dropNewest(2);
    queue.take(1000);
    queue.dropNewest(3);
    expect(text(queue.take(1000).pieces[0])).toContain('"dropped":3');
  });

  test('are all dropped at the end, with the notices; the number of events is returned', () => {
    const { held, queue: make } = counted();
    const queue = make();
    for (const count of [1, 2]) queue.push(chunk(100, count));
    expect(queue.empty).toBe(false);
    queue.dropNewest(4);
    expect([queue.clear(), queue.empty, queue.bytes, held.bytes]).toEqual([3, true, 0, 0]);
    expect(queue.take(1000)).toEqual({ pieces: [], count: 0 });
  });

  test('that are dropped from the head take along those that were dropped among them', () => {
    const queue = counted().queue();
    queue.push(chunk(100, 1));
    queue.dropNewest(10);
    queue.push(chunk(100, 2));
    queue.dropNewest(100);
    queue.push(chunk(100, 3));
    expect(queue.dropTo(100)).toBe(3);
    const { pieces, count } = queue.take(1000);
    expect([pieces.length, count]).toEqual([2, 3]);
    expect(text(pieces[0])).toContain('"dropped":113');
  });

  test('fit while they keep the queue within its bound; an empty queue takes any chunk', () => {
    const queue = counted().queue();
    expect(queue.fits(1000, 100)).toBe(true);
    queue.push(chunk(60, 1));
    expect([queue.fits(40, 100), queue.fits(41, 100)]).toEqual([true, false]);
  });

  test('are told of as dropped once, with the number at that time', () => {
    const queue = counted().queue();
    for (let round = 1; round <= 2; round += 1) {
      for (let n = 0; n < 3; n += 1) queue.push(chunk(100, round));
      queue.dropTo(100);
      const { pieces } = queue.take(1000);
      expect(text(pieces[0])).toContain(`"dropped":${2 * round}`);
      expect(queue.empty).toBe(true);
    }
  });

  test('leave with the notice of those before them within the limit', () => {
    const queue = counted().queue();
    for (const count of [1, 2, 3]) queue.push(chunk(100, count));
    queue.dropTo(200);
    const first = queue.take(150);
    expect([text(first.pieces[0]).includes('"dropped":1'), first.pieces.length, first.count]).toEqual([
      true,
      1,
      0,
    ]);
    expect(queue.take(150)).toMatchObject({ count: 2, pieces: { length: 1 } });
  });

  test('leave in order, at most the limit at a time, or one larger chunk', () => {
    const queue = counted().queue();
    for (const [bytes, count] of [
      [60, 1],
      [40, 2],
      [1, 3],
      [500, 4],
      [1, 5],
    ] as const)
      queue.push(chunk(bytes, count));
    expect([3, 3, 4, 5].map(() => queue.take(100).count)).toEqual([3, 3, 4, 5]);
    expect([queue.bytes, queue.take(100).pieces]).toEqual([0, []]);
  });

  test('count once in memory, however many queues hold them', () => {
    const { held, queue } = counted();
    const [one, two] = [queue(), queue()];
    const shared = chunk(100, 1);
    one.push(shared);
    two.push(shared);
    expect(held.bytes).toBe(100);
    one.take(1000);
    expect(held.bytes).toBe(100);
    two.clear();
    expect(held.bytes).toBe(0);
  });

  test('do not count a heartbeat as an event', () => {
    const queue = counted().queue();
    queue.pushHeartbeat();
    queue.push(chunk(100, 1));
    expect(queue.dropTo(100)).toBe(0);
    expect(queue.take(1000)).toMatchObject({ count: 1, pieces: { length: 1 } });
    queue.pushHeartbeat();
    const { pieces, count } = queue.take(1000);
    expect([count, text(pieces[0])]).toEqual([0, expect.stringContaining('"event_type":"heartbeat"')]);
  });
});
