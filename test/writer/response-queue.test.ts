// The responses that wait for one connection.
import { describe, expect, test } from 'vitest';
import { ResponseQueue } from '#dist/writer/response-queue.js';

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
