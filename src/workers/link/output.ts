// Writes to the process's stdout or stderr from any thread, whatever the state of the stream. What cannot be written is lost.
import { writeSync } from 'node:fs';

/** Milliseconds that one write waits for a reader that does not read. */
const PATIENCE = 200;
/** Milliseconds between attempts. */
const RETRY_AFTER = 2;
/** Milliseconds without an attempt after a write has waited without success: a failed attempt is slow. */
const REST = 20;

const SLEEPER = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

export class Output {
  readonly #fd: number;
  readonly #patience: number;
  /** Whether the last write waited without success. Until the reader reads again, writes do not wait. */
  #stalled = false;
  #restUntil = 0;

  /** @param patience Milliseconds that a write may wait for the reader; 0 on the main thread, which must not wait. */
  constructor(fd: number, patience = PATIENCE) {
    this.#fd = fd;
    this.#patience = patience;
  }

  /** Never throws: a closed pipe, a full disk and a reader that does not read lose output, and nothing else. */
  write(bytes: Uint8Array): void {
    const now = performance.now();
    if (now < this.#restUntil) return;
    const until = this.#stalled ? now : now + this.#patience;
    let offset = 0;
    while (offset < bytes.byteLength) {
      try {
        offset += writeSync(this.#fd, bytes, offset);
        this.#stalled = false;
      } catch (error) {
        // Node makes pipes and terminals non-blocking: EAGAIN means that they are full.
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
        if (performance.now() < until) {
          Atomics.wait(SLEEPER, 0, 0, RETRY_AFTER);
          continue;
        }
        this.#stalled = true;
        this.#restUntil = performance.now() + REST;
        return;
      }
    }
  }
}
