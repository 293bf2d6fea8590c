// Frames under every chunking, at every limit.
import fc from 'fast-check';
import { encodeFrame, FrameDecoder, type IpcError, MAX_MESSAGE_SIZE } from 'bunctl-ipc/protocol';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { property } from '../support/property.js';

function decodeAll(decoder: FrameDecoder): Buffer[] {
  const payloads: Buffer[] = [];
  for (let payload = decoder.next(); payload; payload = decoder.next()) payloads.push(Buffer.from(payload));
  return payloads;
}

function codeOf(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as IpcError).code;
  }
}

/** What is held after a collection, in bytes: the memory of buffers, and objects. */
function held(): { buffers: number; objects: number } {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What one collection finds is let go of beside it, and is certainly gone when the next one begins.
  collect();
  collect();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return { buffers: arrayBuffers, objects: heapUsed };
}

describe('the decoder', () => {
  property([
    fc.array(fc.uint8Array({ maxLength: 9000 }), { maxLength: 12 }),
    fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 40 }),
  ])('yields the same payloads however the stream is cut', (payloads, cuts) => {
    const stream = Buffer.concat(payloads.map((payload) => encodeFrame(payload)));
    const decoder = new FrameDecoder();
    const got: Buffer[] = [];
    for (let at = 0, turn = 0; at < stream.length; turn += 1) {
      const step = cuts[turn % cuts.length] ?? 1;
      decoder.push(Buffer.from(stream.subarray(at, at + step)));
      got.push(...decodeAll(decoder));
      at += step;
    }
    expect(got).toEqual(payloads.map((payload) => Buffer.from(payload)));
    expect(decoder.buffered).toBe(0);
    expect(decoder.midFrame).toBe(false);
  });

  property([fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 })])(
    'takes a stream byte by byte',
    (payloads) => {
      const decoder = new FrameDecoder();
      const got: Buffer[] = [];
      for (const byte of Buffer.concat(payloads.map((payload) => encodeFrame(payload)))) {
        decoder.push(Buffer.of(byte));
        got.push(...decodeAll(decoder));
      }
      expect(got).toEqual(payloads.map((payload) => Buffer.from(payload)));
    },
  );

  test('goes on at the beginning of a chunk after a frame that ended with the one before it', () => {
    const decoder = new FrameDecoder();
    const [first, second, third] = ['first', 'second', 'third'].map((text) => encodeFrame(text)) as [
      Buffer,
      Buffer,
      Buffer,
    ];
    decoder.push(Buffer.concat([first, second.subarray(0, 6)]));
    expect(decodeAll(decoder).map(String)).toEqual(['first']);
    decoder.push(second.subarray(6));
    expect(decodeAll(decoder).map(String)).toEqual(['second']);
    decoder.push(third);
    expect(decodeAll(decoder).map(String)).toEqual(['third']);
  });

  test('joins small and large pieces of one frame in order', () => {
    const payload = Buffer.from(Array.from({ length: 6000 }, (_, n) => n % 251));
    const frame = encodeFrame(payload);
    const decoder = new FrameDecoder();
    for (const [from, to] of [
      [0, 10],
      [10, 20],
      [20, 5500],
      [5500, frame.length],
    ] as const)
      decoder.push(frame.subarray(from, to));
    expect(decodeAll(decoder)).toEqual([payload]);
  });

  test('takes exactly the largest size, and refuses an extra byte before any of the payload has arrived', () => {
    const decoder = new FrameDecoder(100);
    decoder.push(encodeFrame(Buffer.alloc(100, 7)));
    expect(decoder.next()).toHaveLength(100);
    decoder.push(Buffer.from([101, 0, 0, 0]));
    expect(() => decoder.next()).toThrow(/exceeds maximum allowed size 100/);
    const again = new FrameDecoder(100);
    again.push(Buffer.from([101, 0, 0, 0]));
    expect(codeOf(() => again.next())).toBe('FRAME_TOO_LARGE');
  });

  test('allocates nothing from a header alone', () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 50 }, () => {
      const decoder = new FrameDecoder();
      const header = Buffer.alloc(5);
      header.writeUInt32LE(MAX_MESSAGE_SIZE);
      decoder.push(header);
      expect(decoder.next()).toBeUndefined();
      expect(decoder.midFrame).toBe(true);
      return decoder;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MAX_MESSAGE_SIZE);
    expect(decoders.every(({ buffered }) => buffered === 1)).toBe(true);
    const decoder = new FrameDecoder();
    decoder.push(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    expect(() => decoder.next()).toThrow(/4294967295 exceeds/);
  });

  test('is inside a frame from its first byte to its last, length included', () => {
    const decoder = new FrameDecoder();
    const bytes = encodeFrame('abc');
    for (const byte of bytes.subarray(0, -1)) {
      decoder.push(Buffer.of(byte));
      expect([decoder.next(), decoder.midFrame]).toEqual([undefined, true]);
    }
    decoder.push(bytes.subarray(-1));
    expect(decoder.next()).toHaveLength(3);
    expect(decoder.midFrame).toBe(false);
  });

  test('returns a payload that lies in one chunk as a view of the chunk', () => {
    const decoder = new FrameDecoder();
    for (const text of ['abc', 'd', 'ef']) {
      const chunk = encodeFrame(text);
      decoder.push(Buffer.alloc(0));
      decoder.push(chunk);
      expect(decoder.next()?.buffer).toBe(chunk.buffer);
      expect(decoder.next()).toBeUndefined();
    }
  });

  test('gathers more small pieces than fit into one slab', () => {
    const payload = Buffer.from(Array.from({ length: 200_000 }, (_, n) => n % 251));
    const frame = encodeFrame(payload);
    const decoder = new FrameDecoder();
    for (let at = 0; at < frame.length; at += 1000) decoder.push(frame.subarray(at, at + 1000));
    expect(payload.equals(decoder.next() as Uint8Array)).toBe(true);
    expect(decoder.buffered).toBe(0);
  });

  test('does not copy large pieces before their frame is complete', () => {
    const SIZE = 4 * 1024 * 1024;
    const frame = Buffer.alloc(4 + SIZE);
    frame.writeUInt32LE(SIZE);
    const decoder = new FrameDecoder();
    const before = held().buffers;
    for (let at = 0; at < frame.length - 1; at += 64 * 1024)
      decoder.push(frame.subarray(at, Math.min(at + 64 * 1024, frame.length - 1)));
    expect(decoder.next()).toBeUndefined();
    expect(held().buffers - before).toBeLessThan(1024 * 1024);
    decoder.push(frame.subarray(-1));
    expect(decoder.next()).toHaveLength(SIZE);
  });

  test('holds no memory between frames, however they came', () => {
    const decoders = Array.from({ length: 100 }, () => new FrameDecoder());
    const before = held().buffers;
    for (const [n, decoder] of decoders.entries()) {
      const frame = encodeFrame(Buffer.alloc(50_000));
      // The payload, with its length and without it, comes in small pieces that are gathered; or the length was read before.
      const first = n % 3 === 0 ? 2 : 4;
      decoder.push(frame.subarray(0, first));
      if (n % 3 === 1) decoder.next();
      for (let at = first; at < frame.length; at += 1000) decoder.push(frame.subarray(at, at + 1000));
      expect(decoder.next()).toHaveLength(50_000);
    }
    expect(held().buffers - before).toBeLessThan(1024 * 1024);
    expect(decoders.some(({ midFrame }) => midFrame)).toBe(false);
  });

  test('never changes the payloads that it has returned', () => {
    const decoder = new FrameDecoder();
    const given: { payload: Uint8Array; text: string }[] = [];
    for (let n = 0; n < 3000; n += 1) {
      const text = `payload ${n}`;
      for (const byte of encodeFrame(text)) decoder.push(Buffer.of(byte));
      const payload = decoder.next();
      if (payload) given.push({ payload, text });
    }
    expect(given).toHaveLength(3000);
    for (const { payload, text } of given) expect(Buffer.from(payload).toString()).toBe(text);
  });

  test('a frame that is sent byte by byte costs about its size', () => {
    const SIZE = 256 * 1024;
    const decoder = new FrameDecoder();
    const frame = encodeFrame(Buffer.alloc(SIZE, 1));
    const before = held();
    for (let at = 0; at < frame.length - 1; at += 1) decoder.push(frame.subarray(at, at + 1));
    expect(decoder.next()).toBeUndefined();
    const now = held();
    expect(now.buffers - before.buffers).toBeLessThan(2 * SIZE);
    expect(now.objects - before.objects).toBeLessThan(5 * 1024 * 1024);
    expect(decoder.buffered).toBe(SIZE - 1);
    decoder.push(frame.subarray(-1));
    // Compared at once: toEqual() looks at each byte.
    expect(Buffer.alloc(SIZE, 1).equals(decoder.next() as Uint8Array)).toBe(true);
  });

  test('payloads that are kept cost about their size, however small the pieces were in which they came', () => {
    const decoder = new FrameDecoder();
    const kept: (Uint8Array | undefined)[] = [];
    const before = held().buffers;
    for (let n = 0; n < 2000; n += 1) {
      for (const byte of encodeFrame('"List"')) decoder.push(Buffer.of(byte));
      kept.push(decoder.next());
    }
    expect(held().buffers - before).toBeLessThan(1024 * 1024);
    expect(kept.every((payload) => payload && Buffer.from(payload).toString() === '"List"')).toBe(true);
  });
});

describe('encodeFrame', () => {
  test('writes a little-endian length and the payload into memory that is not shared', () => {
    const frame = encodeFrame('"é"');
    expect(frame.toString('hex')).toBe('0400000022c3a922');
    expect(frame.buffer.byteLength).toBe(frame.byteLength);
  });

  test('refuses a payload above the limit', () => {
    expect(encodeFrame('x'.repeat(10), 10)).toHaveLength(14);
    expect(() => encodeFrame('x'.repeat(11), 10)).toThrow(/Message size 11 exceeds maximum allowed size 10/);
    expect(codeOf(() => encodeFrame('x'.repeat(11), 10))).toBe('FRAME_TOO_LARGE');
  });
});
