// Compresses the files that were put aside, one after the other. A file that is gone by then is left out.
import { chmodSync, chownSync, createReadStream, createWriteStream, renameSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { partOf } from '../logs/segments.js';

/** Files that wait beyond this stay as they are: under a flood they are removed before their turn comes. */
const MOST_WAITING = 1000;

export class Compressor {
  readonly #onFault: (message: string) => void;
  readonly #waiting = new Set<string>();
  #running: Promise<void> | undefined;

  constructor(onFault: (message: string) => void) {
    this.#onFault = onFault;
  }

  add(path: string): void {
    if (this.#waiting.size < MOST_WAITING) this.#waiting.add(path);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when nothing waits any more. */
  async done(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    // A set goes on with what is added meanwhile.
    for (const path of this.#waiting) {
      this.#waiting.delete(path);
      try {
        await compress(path);
      } catch (error) {
        await rm(partOf(path), { force: true }).catch(() => undefined);
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
          this.#onFault(`${path} could not be compressed: ${(error as Error).message}`);
      }
    }
  }
}

async function compress(path: string): Promise<void> {
  const found = statSync(path);
  const part = partOf(path);
  await pipeline(createReadStream(path), createGzip({ level: 3 }), createWriteStream(part, { mode: 0o600 }));
  chmodSync(part, found.mode & 0o777);
  if (process.getuid?.() === 0) chownSync(part, found.uid, found.gid);
  // Removed while it was compressed: then its compressed form goes, too. Nothing can be removed between the two calls.
  statSync(path);
  renameSync(part, `${path}.gz`);
  await rm(path, { force: true });
}
