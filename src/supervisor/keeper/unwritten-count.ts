// What a log lacks and does not say yet. It stands in a small file as well: the next keeper says it when this one is killed.
import { closeSync, constants, fstatSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { decodeUnwritten, encodeUnwritten, NOTHING, type Unwritten } from '../model/unwritten.js';
import { openOwn } from './own-file.js';

export class UnwrittenCount {
  readonly #path: string;
  #now: Unwritten;
  /** Whether the file says it, too. */
  #saved = true;

  /** @param path The file of the count. */
  constructor(path: string) {
    this.#path = path;
    this.#now = read(path);
  }

  get now(): Unwritten {
    return this.#now;
  }

  /** Takes the room that the count needs, while there is some. Never throws. */
  reserve(): void {
    this.#save(true);
  }

  /** Never throws. A count that cannot be saved is as long-lived as this keeper. */
  add({ lines, bytes }: { readonly lines: number; readonly bytes: number }, why: string): void {
    this.#now = { lines: this.#now.lines + lines, bytes: this.#now.bytes + bytes, why };
    this.#save(false);
  }

  /** Saves what could not be saved before. */
  retry(): void {
    if (!this.#saved) this.#save(false);
  }

  clear(): void {
    if (this.#now.bytes === 0) return;
    this.#now = NOTHING;
    this.#save(false);
  }

  /** The log has nothing to say any more, and nobody prints into it. */
  remove(): void {
    try {
      unlinkSync(this.#path);
    } catch {
      // It is not there, for example.
    }
  }

  #save(isReserve: boolean): void {
    const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
    try {
      const fd = openOwn(this.#path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK);
      try {
        // In place: the room that the file has is enough.
        if (!isReserve || fstatSync(fd).size === 0) writeSync(fd, encodeUnwritten(this.#now), 0, null, 0);
        this.#saved = true;
      } finally {
        closeSync(fd);
      }
    } catch {
      this.#saved = false;
    }
  }
}

function read(path: string): Unwritten {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return decodeUnwritten(readFileSync(fd, 'utf8'));
  } catch {
    return NOTHING;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
