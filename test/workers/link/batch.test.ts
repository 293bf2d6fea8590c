// Batches of commands and answers arrive as they were packed.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ANSWER, AnswerPacker, unpackAnswers } from '#dist/workers/link/answers.js';
import { type BatchEntry, packBatch, unpackBatch } from '#dist/workers/link/batch.js';
import { property } from '../../support/property.js';

const entry = fc.record({
  slot: fc.nat(1023),
  sequence: fc.nat(2 ** 29),
  connectionId: fc.maxSafeNat(),
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.constantFrom(64 * 1024, 64 * 1024 + 1).map((size) => new Uint8Array(size).fill(size % 251)),
  ),
});

property([fc.array(entry, { maxLength: 20 })])('a batch of commands', (entries) => {
  const told = (list: readonly BatchEntry[]) =>
    list.map(({ payload, ...rest }) => ({
      ...rest,
      payload: createHash('sha1').update(payload).digest('hex'),
    }));
  expect(told(unpackBatch(packBatch(entries)))).toEqual(told(entries));
});

test.each([2 ** 31 - 1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER])(
  'connection number %i is the same on both sides',
  (connectionId) => {
    const [unpacked] = unpackBatch(
      packBatch([{ slot: 1, sequence: 2, connectionId, payload: new Uint8Array(3) }]),
    );
    expect(unpacked?.connectionId).toBe(connectionId);
  },
);

test('a batch of answers, including empty ones', () => {
  const packer = new AnswerPacker();
  packer.add(3, 7, ANSWER.RESPONSE, '"ä"', 4);
  packer.add(4, 8, ANSWER.UNSUBSCRIBE, '', 0);
  packer.add(5, 9, ANSWER.RESPONSE, '{}', 2);
  const buffer = packer.pack() as ArrayBuffer;
  const answers: unknown[] = [];
  unpackAnswers(buffer, (slot, sequence, kind, start, end) =>
    answers.push([slot, sequence, kind, Buffer.from(buffer, start + 4, end - start - 4).toString()]),
  );
  expect(answers).toEqual([
    [3, 7, ANSWER.RESPONSE, '"ä"'],
    [4, 8, ANSWER.UNSUBSCRIBE, ''],
    [5, 9, ANSWER.RESPONSE, '{}'],
  ]);
  expect(packer.pack()).toBeUndefined();
});
