// The daemon's own log, which only its owner can read. It is put aside before it grows too large, and one older file is kept.
import { closeSync, fstatSync, ftruncateSync, openSync, renameSync, writeSync } from 'node:fs';

/** A file that cannot be put aside is emptied when its size is this multiple of its limit. */
const LARGEST = 4;

export class LogFile {
  readonly #path: string;
  readonly #limit: number;
  #fd: number;
  #bytes: number;
  /** The size at which the file is put aside; greater than the limit if that failed. */
  #rotateAt: number;

  /** @param limit Bytes after which the file becomes `PATH.1`. Default 5 MiB. */
  constructor(path: string, limit = 5 * 1024 * 1024) {
    this.#path = path;
    this.#limit = limit;
    this.#rotateAt = limit;
    this.#fd = openSync(path, 'a', 0o600);
    this.#bytes = fstatSync(this.#fd).size;
  }

  /** A full disk loses lines, and nothing else. */
  write(line: string): void {
    if (this.#bytes >= this.#rotateAt || this.#isRemoved()) this.#rotate();
    try {
      this.#bytes += writeSync(this.#fd, line);
    } catch {
      // There is nowhere to report it.
    }
  }

  /** Whether the file has no name any more, so that nobody can read what is written to it. */
  #isRemoved(): boolean {
    try {
      return fstatSync(this.#fd).nlink === 0;
    } catch {
      return false;
    }
  }

  #rotate(): void {
    try {
      renameSync(this.#path, `${this.#path}.1`);
    } catch (error) {
      // If the file was removed, a new one takes its place. Otherwise this one is written on, and put aside later.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.#postpone();
        return;
      }
    }
    try {
      const next = openSync(this.#path, 'a', 0o600);
      closeSync(this.#fd);
      this.#fd = next;
      this.#bytes = fstatSync(next).size;
      this.#rotateAt = this.#limit;
    } catch {
      this.#postpone();
    }
  }

  #postpone(): void {
    this.#rotateAt = this.#bytes + this.#limit / 10;
    if (this.#bytes < this.#limit * LARGEST) return;
    try {
      ftruncateSync(this.#fd);
      this.#bytes = 0;
      this.#rotateAt = this.#limit;
    } catch {
      // It is not a file, or is of a file system that fails: there is nothing to keep small.
    }
  }
}
