// The daemon's own log: a file for its owner's eyes that is put aside before it grows too large, one old one kept.
import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

export class LogFile {
  readonly #path: string;
  readonly #limit: number;
  #fd: number;
  #bytes: number;

  /** @param limit Bytes after which the file becomes `PATH.1`. Default 5 MiB. */
  constructor(path: string, limit = 5 * 1024 * 1024) {
    this.#path = path;
    this.#limit = limit;
    this.#fd = openSync(path, 'a', 0o600);
    this.#bytes = fstatSync(this.#fd).size;
  }

  /** A full disk loses lines, and nothing else. */
  write(line: string): void {
    try {
      if (this.#bytes >= this.#limit) this.#rotate();
      this.#bytes += writeSync(this.#fd, line);
    } catch {
      // There is nowhere to say it.
    }
  }

  #rotate(): void {
    renameSync(this.#path, `${this.#path}.1`);
    const next = openSync(this.#path, 'a', 0o600);
    closeSync(this.#fd);
    this.#fd = next;
    this.#bytes = 0;
  }
}
