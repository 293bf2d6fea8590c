// Follows the apps' output files and hands on each line once: what is not read yet waits in the file, nowhere else.
import { type FSWatcher, watch } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { emptied, type Followed, passOver } from './followed.js';
import { logName, type Stream } from '../state/paths.js';
import { lastLineStart, lineText, readBlock } from './tail.js';

const NEWLINE = 0x0a;
const BLOCK = 64 * 1024;
/** A longer line is handed on in pieces of this size: six times it, escaped, still fits a frame. */
const MAX_LINE = 1536 * 1024;
/** How often, in ms, all files are looked at, whatever the watch says or has missed. */
const LOOK_EVERY = 1000;
/** The same while nobody listens and there is a watch; and the least time between looks then. */
const QUIET_LOOK_EVERY = 5000;
const QUIET_PAUSE = 200;

export interface FollowedLine {
  readonly id: string;
  readonly stream: Stream;
  readonly line: string;
  /** Where in its file the line ends, in bytes. */
  readonly end: number;
  /** Grows when the file is found emptied: only ends of one generation can be compared. */
  readonly generation: number;
}

export interface FollowerHooks {
  /** Awaited: a flood waits in its file. */
  onLine(line: FollowedLine): Promise<void>;
  /** Whether anybody wants lines; while not, they are passed over. */
  listened(): Promise<boolean>;
  onFault(error: Error): void;
}

/** One loop for all files, fair among them: a block of each in turn. */
export class LogFollower {
  readonly #hooks: FollowerHooks;
  readonly #pathOf: (id: string, stream: Stream) => string;
  readonly #files = new Map<string, Followed>();
  readonly #watcher: FSWatcher | undefined;
  /** Those of a follower that comes later are greater. */
  readonly #firstGeneration = Date.now();
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(directory: string, pathOf: (id: string, stream: Stream) => string, hooks: FollowerHooks) {
    this.#hooks = hooks;
    this.#pathOf = pathOf;
    try {
      this.#watcher = watch(directory, (_type, name) => {
        const followed = name === null ? undefined : this.#files.get(name);
        if (!followed) return;
        followed.dirty = true;
        this.#wake?.();
      });
      // Out of watches, for example: the looks go on.
      this.#watcher.on('error', (error) => hooks.onFault(error));
    } catch (error) {
      hooks.onFault(error as Error);
    }
    void this.#run();
  }

  /** Follows an app's files from these offsets, or from where they end now. */
  follow(id: string, offsets?: Readonly<Record<Stream, number>>): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const name = logName(id, stream);
      const known = this.#files.get(name);
      if (known) known.ended = false;
      else
        this.#files.set(name, {
          id,
          stream,
          path: this.#pathOf(id, stream),
          offset: offsets?.[stream],
          aligned: true,
          generation: this.#firstGeneration,
          dirty: true,
          ended: false,
        });
    }
    this.#wake?.();
  }

  /** The app has ended; its files are read to their end. */
  ended(id: string): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const followed = this.#files.get(logName(id, stream));
      if (followed) followed.ended = followed.dirty = true;
    }
    this.#wake?.();
  }

  /** See {@link FollowedLine}; of each of an app's files. */
  generations(id: string): Readonly<Record<Stream, number>> {
    const of = (stream: Stream): number =>
      this.#files.get(logName(id, stream))?.generation ?? this.#firstGeneration;
    return { stdout: of('stdout'), stderr: of('stderr') };
  }

  /** The app is gone. */
  forget(id: string): void {
    for (const stream of ['stdout', 'stderr'] as const) this.#files.delete(logName(id, stream));
  }

  close(): void {
    this.#closed = true;
    this.#watcher?.close();
    this.#wake?.();
  }

  async #run(): Promise<void> {
    let listened = false;
    while (!this.#closed) {
      const passed = listened ? [] : await this.#sizes();
      listened = await this.#hooks.listened().catch(() => false);
      // Asked after the sizes were taken: what is passed over was there before anybody listened.
      if (!listened) {
        for (const { followed, size } of passed) passOver(followed, size);
        await sleep(QUIET_PAUSE, undefined, { ref: false });
        await this.#idle(this.#watcher ? QUIET_LOOK_EVERY : LOOK_EVERY);
      } else if (!(await this.#readDirty())) {
        await this.#idle(LOOK_EVERY);
      }
    }
  }

  /** How large the files are that have changed. */
  async #sizes(): Promise<{ followed: Followed; size: number }[]> {
    const sizes = [];
    for (const followed of [...this.#files.values()]) {
      if (!followed.dirty) continue;
      const found = await stat(followed.path).catch(() => undefined);
      if (found) sizes.push({ followed, size: found.size });
    }
    return sizes;
  }

  /** Hands on a block of each file that has changed; whether there is more. */
  async #readDirty(): Promise<boolean> {
    let more = false;
    for (const followed of [...this.#files.values()]) {
      if (!followed.dirty) continue;
      followed.dirty = false;
      try {
        if (await this.#read(followed)) more = followed.dirty = true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#hooks.onFault(error as Error);
      }
    }
    return more;
  }

  async #idle(lookEvery: number): Promise<void> {
    if (this.#closed || [...this.#files.values()].some(({ dirty }) => dirty)) return;
    const controller = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const looked = sleep(lookEvery, undefined, { signal: controller.signal, ref: false }).then(
      () => {
        for (const followed of this.#files.values()) followed.dirty = true;
      },
      () => undefined,
    );
    await Promise.race([woken, looked]);
    controller.abort();
    this.#wake = undefined;
  }

  /** Hands on the lines of one block; whether there may be more. */
  async #read(followed: Followed): Promise<boolean> {
    const file = await open(followed.path, 'r');
    try {
      const { size } = await file.stat();
      emptied(followed, size);
      if (followed.offset === undefined || !followed.aligned) {
        const whole = followed.offset !== undefined;
        followed.offset = await lastLineStart(file, followed.offset ?? size);
        followed.aligned = true;
        if (!whole) return false;
      }
      return await this.#readLines(followed, file, size);
    } finally {
      await file.close();
    }
  }

  async #readLines(followed: Followed, file: FileHandle, size: number): Promise<boolean> {
    let start = followed.offset as number;
    if (start >= size) return false;
    let bytes = await readBlock(file, start, BLOCK);
    // A line longer than a block: read on until it ends, is as long as may be, or the file ends.
    while (!bytes.includes(NEWLINE) && bytes.length < MAX_LINE && start + bytes.length < size) {
      const next = await readBlock(
        file,
        start + bytes.length,
        Math.min(MAX_LINE - bytes.length, bytes.length),
      );
      if (next.length === 0) break;
      bytes = Buffer.concat([bytes, next]);
    }
    let at = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
      await this.#hand(followed, bytes.subarray(at, end), start + end + 1);
      at = end + 1;
    }
    const rest = bytes.subarray(at);
    const whole = at === 0 && bytes.length >= MAX_LINE;
    const last = followed.ended && start + bytes.length >= size;
    const handed = rest.length > 0 && (whole || last);
    if (handed) await this.#hand(followed, rest, start + bytes.length);
    start = followed.offset as number;
    // What is left begins a line that is not whole yet, or is more than a block.
    return start < size && (at > 0 || whole) && start + (handed ? 0 : rest.length) < size;
  }

  async #hand(followed: Followed, bytes: Buffer, end: number): Promise<void> {
    const { id, stream, generation } = followed;
    await this.#hooks.onLine({ id, stream, line: lineText(bytes), end, generation });
    followed.offset = end;
  }
}
