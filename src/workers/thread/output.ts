// The thread's stdout and stderr: they write to the process's descriptors at once. Node's own way leads through the main
// thread, where a broken pipe would end the daemon, and what is printed in the turn of the thread's death would be lost.
import { Buffer } from 'node:buffer';
import type { Writable } from 'node:stream';
import { Output } from '../link/output.js';

interface Chunk {
  readonly chunk: unknown;
  readonly encoding: BufferEncoding;
}

/** Redirects `process.stdout` and `process.stderr` of this thread; code that holds them already is redirected too. */
export function redirectOutput(): void {
  redirect(process.stdout, new Output(1));
  redirect(process.stderr, new Output(2));
}

function redirect(stream: Writable, output: Output): void {
  const write = (chunks: readonly Chunk[], done: () => void): void => {
    for (const { chunk, encoding } of chunks)
      output.write(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : (chunk as Uint8Array));
    done();
  };
  Object.assign(stream, {
    _write: (chunk: unknown, encoding: BufferEncoding, done: () => void) =>
      write([{ chunk, encoding }], done),
    _writev: write,
  });
  // A handler may end the stream: to write to it after that must not end the thread.
  stream.on('error', () => undefined);
}
