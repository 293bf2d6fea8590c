// Files whose paths were typed: their kind, and their text.
import { accessSync, closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';

/** How long, in ms, a pipe may say nothing to which somebody may write. */
const PATIENCE = 10_000;
/** How often, in ms, it is looked at. */
const POLL = 5;

/** Whether a path is a regular file, or a link to one. */
export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Whether a path is a file that this user may execute. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return isFile(path);
  } catch {
    return false;
  }
}

/**
 * The text of a file, or of a pipe to which somebody writes. A pipe is not waited for without end.
 *
 * @param most How many bytes it may have.
 * @param patience How long, in ms, a pipe may say nothing.
 * @throws {Error} saying why it cannot be read.
 */
export function readText(path: string, most: number, patience = PATIENCE): string {
  // Windows does not have this flag.
  const { O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
  const fd = openSync(path, constants.O_RDONLY | O_NONBLOCK);
  try {
    const found = fstatSync(fd);
    if (!found.isFile() && !found.isFIFO()) throw new Error('it is neither a file nor a pipe');
    // One byte more shows that it is too large.
    const bytes = Buffer.alloc(most + 1);
    let length = 0;
    for (;;) {
      const read = readPart(fd, bytes, length, patience);
      length += read;
      if (length > most) throw new Error(`it is larger than ${most / 1024 / 1024} MiB`);
      if (read > 0) continue;
      if (length === 0 && found.isFIFO()) throw new Error('it is a pipe, and nobody writes to it');
      return bytes.toString('utf8', 0, length);
    }
  } finally {
    closeSync(fd);
  }
}

/** How many bytes came; 0 at the end. */
function readPart(fd: number, bytes: Buffer, at: number, patience: number): number {
  for (let waited = 0; ; waited += POLL) {
    try {
      return readSync(fd, bytes, at, bytes.length - at, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      if (waited >= patience)
        throw new Error(`it is a pipe from which nothing came for ${patience / 1000} s`, { cause: error });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL);
    }
  }
}
