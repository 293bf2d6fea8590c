// Writes data to stdout and messages to stderr. Both may be full, closed or slow; a command never fails halfway because of that.
import { writeSync } from 'node:fs';

const STDOUT = 1;
const STDERR = 2;
/** How long to wait, in ms, before a write to a full non-blocking pipe is tried again. */
const PIPE_FULL_WAIT = 5;

/** Why stdout takes no more data; undefined while it does. */
let stdoutFailure: NodeJS.ErrnoException | undefined;

/** Writes all of the text. A full pipe that does not block is waited for; any other failure is thrown. */
function writeAll(fd: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIPE_FULL_WAIT);
      else if (code !== 'EINTR') throw error;
    }
  }
}

/** Writes text to stdout as it is. After a failure nothing more is written; see {@link reportLostOutput}. */
export function write(text: string): void {
  if (stdoutFailure) return;
  try {
    writeAll(STDOUT, text);
  } catch (error) {
    stdoutFailure = error as NodeJS.ErrnoException;
  }
}

/** Writes a line of data to stdout. */
export const print = (line: string): void => write(`${line}\n`);

/** Writes a value to stdout as indented JSON. */
export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2));

/** Writes a message to stderr. If stderr cannot be written to, the message is lost. */
export function say(line: string): void {
  try {
    writeAll(STDERR, `${line}\n`);
  } catch {
    // There is nowhere left to report this.
  }
}

/** Whether stdout still takes data. A command that runs until Ctrl-C ends when it does not. */
export const canPrint = (): boolean => stdoutFailure === undefined;

/**
 * Says that data could not be written to stdout, and makes the process end with 1. Does nothing if all data was
 * written, or if the reader has seen enough and closed the pipe, as `| head` does.
 */
export function reportLostOutput(): void {
  if (!stdoutFailure || stdoutFailure.code === 'EPIPE') return;
  const { code, message } = stdoutFailure;
  say(`Error: stdout cannot be written to: ${code === 'ENOSPC' ? 'no space left on the device' : message}`);
  process.exitCode ||= 1;
}
