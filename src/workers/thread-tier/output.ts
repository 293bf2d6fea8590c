// The process's stdout and stderr on the main thread, while a daemon runs: a broken one must not end the process.
import type { Worker } from 'node:worker_threads';
import { Output } from '../link/output.js';

const ignore = (): void => undefined;
/** The daemons of this process that run. One listener serves all: Node warns of a leak at the eleventh. */
let daemons = 0;

/**
 * Errors of `process.stdout` and `process.stderr`, such as EPIPE when their reader is gone, no longer end the process.
 *
 * @returns Ends that.
 */
export function surviveBrokenOutput(): () => void {
  const streams = [process.stdout, process.stderr];
  let runs = true;
  daemons += 1;
  if (daemons === 1) for (const stream of streams) stream.on('error', ignore);
  return () => {
    if (!runs) return;
    runs = false;
    daemons -= 1;
    if (daemons === 0) for (const stream of streams) stream.off('error', ignore);
  };
}

/**
 * Node pipes what a thread prints into main's streams. A thread of ours writes by itself; this takes what it prints
 * before it has loaded our code, without a stream of main's.
 */
export function takeEarlyOutput(thread: Pick<Worker, 'stdout' | 'stderr'>): void {
  for (const [stream, fd] of [
    [thread.stdout, 1],
    [thread.stderr, 2],
  ] as const) {
    const output = new Output(fd, 0);
    stream.unpipe();
    stream.on('data', (chunk: Uint8Array) => output.write(chunk));
  }
}
