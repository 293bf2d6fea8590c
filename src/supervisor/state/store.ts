// Writes the records of apps: one file an app, written whole or not at all, readable by its owner only.
import { rm } from 'node:fs/promises';
import type { AppRecord } from '../model/app-record.js';
import { writeWhole } from './whole-file.js';

/** Writes the versions of a file one after the other. If several versions wait, only the last one is written. */
export class Store {
  readonly #pathOf: (id: string) => string;
  readonly #onFault: (error: Error) => void;
  readonly #retryAfter: number;
  readonly #waiting = new Map<string, AppRecord | null>();
  readonly #writing = new Map<string, Promise<void>>();
  #retry: NodeJS.Timeout | undefined;

  /** @param retryAfter Milliseconds until a failed write is tried again. */
  constructor(pathOf: (id: string) => string, onFault: (error: Error) => void, retryAfter = 5000) {
    this.#pathOf = pathOf;
    this.#onFault = onFault;
    this.#retryAfter = retryAfter;
  }

  /**
   * Resolves when this version or a later one is on disk. Rejects when it cannot be written, and tries again later. With
   * null the file is removed; that is not tried again.
   */
  async save(id: string, record: AppRecord | null): Promise<void> {
    this.#waiting.set(id, record);
    await (this.#writing.get(id) ?? Promise.resolve()).catch(() => undefined);
    return this.#writing.get(id) ?? this.#begin(id);
  }

  /** Resolves when everything that waits is on disk or could not be written. */
  async flush(): Promise<void> {
    clearTimeout(this.#retry);
    await Promise.allSettled([...this.#waiting.keys()].map((id) => this.#writing.get(id) ?? this.#begin(id)));
    await Promise.allSettled(this.#writing.values());
    clearTimeout(this.#retry);
  }

  #begin(id: string): Promise<void> {
    const record = this.#waiting.get(id);
    if (record === undefined) return Promise.resolve();
    this.#waiting.delete(id);
    const path = this.#pathOf(id);
    const writing = (record === null ? rm(path, { force: true }) : writeWhole(path, JSON.stringify(record)))
      .catch((error: unknown) => {
        // A file that cannot be removed is left to the caller, who may write it again.
        if (record === null) throw error;
        if (!this.#waiting.has(id)) this.#waiting.set(id, record);
        this.#onFault(error as Error);
        this.#scheduleRetry();
        throw error;
      })
      .finally(() => this.#writing.delete(id));
    this.#writing.set(id, writing);
    return writing;
  }

  #scheduleRetry(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      for (const id of this.#waiting.keys())
        if (!this.#writing.has(id)) this.#begin(id).catch(() => undefined);
    }, this.#retryAfter);
    this.#retry.unref();
  }
}
