// The truth on disk: one file an app, written whole or not at all, for its owner's eyes.
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AppRecord } from '../model/app-record.js';

/** Reads every record of a directory; a file that is none is told to `onFault` and left as it is. */
export function readRecords(directory: string, onFault: (file: string, error: Error) => void): AppRecord[] {
  const records: AppRecord[] = [];
  for (const name of readdirSync(directory)) {
    if (!name.endsWith('.json')) continue;
    const file = join(directory, name);
    try {
      const record = JSON.parse(readFileSync(file, 'utf8')) as Partial<AppRecord> | null;
      if (record?.version !== 1 || `${record.id}.json` !== name || !record.config || !record.state)
        throw new Error('it is no record of an app');
      records.push(record as AppRecord);
    } catch (error) {
      onFault(file, error as Error);
    }
  }
  return records;
}

/** Writes files one version after the other; of several that wait only the last is written. */
export class Store {
  readonly #pathOf: (id: string) => string;
  readonly #onFault: (error: Error) => void;
  readonly #retryAfter: number;
  readonly #waiting = new Map<string, AppRecord | null>();
  readonly #writing = new Map<string, Promise<void>>();
  #retry: NodeJS.Timeout | undefined;

  /** @param retryAfter In ms: when a write that failed is tried again. */
  constructor(pathOf: (id: string) => string, onFault: (error: Error) => void, retryAfter = 5000) {
    this.#pathOf = pathOf;
    this.#onFault = onFault;
    this.#retryAfter = retryAfter;
  }

  /** Resolves when this version or a later one is on disk; rejects when it is not, and is tried again later. */
  async save(id: string, record: AppRecord | null): Promise<void> {
    this.#waiting.set(id, record);
    await (this.#writing.get(id) ?? Promise.resolve()).catch(() => undefined);
    return this.#writing.get(id) ?? this.#begin(id);
  }

  /** Everything that waits is on disk, or could not be written. */
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

/** Under another name first: a crash or a full disk leaves the former version. */
async function writeWhole(path: string, text: string): Promise<void> {
  const made = `${path}.new`;
  try {
    const file = await open(made, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(made, path);
  } catch (error) {
    await rm(made, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** A directory for its owner alone. */
export async function privateDirectory(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await mkdir(path, { recursive: true, mode: 0o700 });
}
