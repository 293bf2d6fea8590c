// A client's socket: a large chunk goes to it in parts, so that a slow reader is seen to read.
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { SocketSink } from '#dist/writer/sink.js';

/** A socket that keeps what it is given until it is told that this has left. */
function slowSocket() {
  const written: Uint8Array[] = [];
  let left: ((error?: Error) => void) | undefined;
  const socket = {
    cork: () => undefined,
    uncork: () => undefined,
    write(bytes: Uint8Array, done?: (error?: Error) => void) {
      written.push(bytes);
      left = done;
    },
  };
  return {
    sink: new SocketSink(socket as unknown as Socket),
    written,
    leave: (error?: Error) => left?.(error),
  };
}

test('a large chunk is given to the socket in parts, each when the one before has left', () => {
  const { sink, written, leave } = slowSocket();
  const notes: unknown[] = [];
  const large = new Uint8Array(600 * 1024).map((_, index) => index % 251);
  sink.write(
    [new Uint8Array([1, 2, 3]), large],
    (error) => notes.push(error ?? 'done'),
    () => notes.push(written.length),
  );
  for (let part = 1; part <= 4; part += 1) {
    expect(written).toHaveLength(part);
    expect(notes).not.toContain('done');
    leave();
  }
  expect(notes).toEqual([1, 2, 3, 4, 'done']);
  expect(Buffer.concat(written).equals(Buffer.concat([new Uint8Array([1, 2, 3]), large]))).toBe(true);
});

test('the rest of a chunk is not written after a part that failed, and the failure is told once', () => {
  const { sink, written, leave } = slowSocket();
  const notes: unknown[] = [];
  sink.write(
    [new Uint8Array(600 * 1024)],
    (error) => notes.push(error),
    () => undefined,
  );
  const failure = new Error('EPIPE');
  leave(failure);
  expect([written.length, notes]).toEqual([1, [failure]]);
});

test('small pieces leave together, and are one chunk', () => {
  const { sink, written, leave } = slowSocket();
  const notes: unknown[] = [];
  sink.write(
    [new Uint8Array(10), new Uint8Array(20)],
    (error) => notes.push(error ?? 'done'),
    () => undefined,
  );
  expect(written.map(({ byteLength }) => byteLength)).toEqual([10, 20]);
  leave();
  expect(notes).toEqual(['done']);
});
