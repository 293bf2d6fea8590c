// Streams of frames with wrong bits, wrong lengths, missing and additional bytes.
import fc from 'fast-check';
import { frame } from '../test/support/frames.js';
import { payloads } from './payloads.js';
import { STREAM } from './checks.js';

export interface StreamCase {
  readonly bytes: Buffer;
  readonly cuts: readonly number[];
}

type Change = (bytes: Buffer) => Buffer;
const at = fc.nat(100_000);
const clipped = (position: number, bytes: Buffer): number => position % (bytes.length + 1);

const flip = fc.tuple(at, fc.nat(7)).map(([position, bit]): Change => (bytes) => {
  const changed = Buffer.from(bytes);
  const index = position % Math.max(1, changed.length);
  changed[index] = (changed[index] ?? 0) ^ (1 << bit);
  return changed;
});
const remove = fc.tuple(at, fc.integer({ min: 1, max: 9 })).map(([position, count]): Change => (bytes) => {
  const from = clipped(position, bytes);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + count)]);
});
const insert = fc
  .tuple(at, fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.constant(frame('{"Stop":'))))
  .map(([position, added]): Change => (bytes) => {
    const from = clipped(position, bytes);
    return Buffer.concat([bytes.subarray(0, from), added, bytes.subarray(from)]);
  });
const truncate = at.map(
  (position): Change =>
    (bytes) =>
      bytes.subarray(0, clipped(position, bytes)),
);

const whole = fc.oneof(
  fc.constant(STREAM),
  fc.array(payloads, { maxLength: 4 }).map((all) => Buffer.concat(all.map((payload) => frame(payload)))),
);

export const streams: fc.Arbitrary<StreamCase> = fc
  .tuple(
    whole,
    fc.array(fc.oneof(flip, flip, remove, insert, truncate), { maxLength: 4 }),
    fc.array(at, { maxLength: 3 }),
  )
  .map(([start, changes, cuts]) => {
    const bytes = changes.reduce<Buffer>((before, change) => change(before), start);
    return { bytes, cuts: cuts.map((cut) => clipped(cut, bytes)) };
  });
