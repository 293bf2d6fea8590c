// One pass over all processes, in slices, so that the thread's other work goes on meanwhile.
import { readdir } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';

/** The longest, in ms, that a slice keeps the thread. One visit takes some 10 to 30 µs. */
const SLICE = 0.5;

export const isPid = (name: string): boolean => /^\d+$/.test(name);

/** Visits all processes that /proc shows. Rejects if it cannot be read or a visit throws. */
export async function eachProcess(visit: (pid: number) => void): Promise<void> {
  let end = performance.now() + SLICE;
  for (const name of await readdir('/proc')) {
    if (!isPid(name)) continue;
    visit(Number(name));
    if (performance.now() < end) continue;
    await setImmediate();
    end = performance.now() + SLICE;
  }
}

/**
 * Shares the results of a scan. All callers that ask while a scan runs get the result of the next one. So each result is
 * younger than the call, and at most one scan runs.
 */
export class SharedScan<T> {
  readonly #scan: () => Promise<T>;
  #running: Promise<T> | undefined;
  #next: Promise<T> | undefined;

  constructor(scan: () => Promise<T>) {
    this.#scan = scan;
  }

  /** Resolves with the result of a scan that begins after this call. */
  async result(): Promise<T> {
    if (!this.#running) return this.#begin();
    this.#next ??= this.#running.then(
      () => this.#begin(),
      () => this.#begin(),
    );
    return this.#next;
  }

  #begin(): Promise<T> {
    this.#next = undefined;
    this.#running = this.#scan().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }
}
