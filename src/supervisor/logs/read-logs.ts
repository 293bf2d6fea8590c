// The last lines of both output files of an app, with what tells them from the lines of events.
import type { Stream } from '../state/paths.js';
import { readTail } from './tail.js';

/** The last `lines` lines of each stream, from at most `bytes` bytes of its file. */
export async function readLogs(
  generations: Readonly<Record<Stream, number>>,
  pathOf: (stream: Stream) => string,
  lines: number,
  bytes: number,
) {
  const [output, errors] = await Promise.all([
    readTail(pathOf('stdout'), lines, bytes),
    readTail(pathOf('stderr'), lines, bytes),
  ]);
  return {
    output: output.lines,
    errors: errors.lines,
    /** Where the lines end in their files: a `log_line` event that ends further on is not among them. */
    ends: { stdout: output.end, stderr: errors.end },
    /** The generation of each file: an event of a later one is not among the lines either. */
    generations,
  };
}
