// Follows the apps' output files and hands on each line once. Unread lines wait in the file, nowhere else.
import { type FileHandle, open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { logName, type Stream } from '../state/paths.js';
import { DirectoryWatch } from './directory-watch.js';
import { type Followed, lostFile, noticeChange, passOver, remember, startOver } from './followed.js';
import { lastLineStart, linesOf, lineText } from './tail.js';
import { MAX_LINE, readUnread } from './unread.js';

/** The interval, in ms, at which all files are polled, in case the watch has missed a change. */
const POLL_EVERY = 1000;
/** The same while there are no listeners but there is a watch; and the least time between two polls then. */
const QUIET_POLL_EVERY = 5000;
const QUIET_PAUSE = 200;
const STREAMS = ['stdout', 'stderr'] as const;

export interface FollowedLine {
  readonly id: string;
  readonly stream: Stream;
  readonly line: string;
  /** The offset in its file at which the line ends, in bytes. */
  readonly end: number;
  /** Grows when the file is found emptied or replaced: only ends of one generation can be compared. */
  readonly generation: number;
}

export interface FollowerHooks {
  /** Awaited: a flood waits in its file. */
  onLine(line: FollowedLine): Promise<void>;
  /** Whether there are listeners. Without listeners, lines are skipped. */
  listened(): Promise<boolean>;
  onFault(error: Error): void;
}

/** One loop for all files, fair among them: a block of each in turn. */
export class LogFollower {
  readonly #hooks: FollowerHooks;
  readonly #pathOf: (id: string, stream: Stream) => string;
  readonly #files = new Map<string, Followed>();
  readonly #watch: DirectoryWatch;
  /** Generations of a later follower are greater. */
  readonly #firstGeneration = Date.now();
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(directory: string, pathOf: (id: string, stream: Stream) => string, hooks: FollowerHooks) {
    this.#hooks = hooks;
    this.#pathOf = pathOf;
    this.#watch = new DirectoryWatch(directory, {
      onChange: (name) => {
        const followed = this.#files.get(name);
        if (!followed) return;
        followed.dirty = true;
        this.#wake?.();
      },
      // The system has no watches left, for example: polling goes on.
      onFault: (error) => hooks.onFault(error),
    });
    this.#run().catch((error: unknown) => hooks.onFault(error as Error));
  }

  /** Follows an app's files from these offsets, or from where they end now. */
  follow(id: string, offsets?: Readonly<Record<Stream, number>>): void {
    for (const stream of STREAMS) {
      const name = logName(id, stream);
      const known = this.#files.get(name);
      if (known) {
        known.ended = false;
        // The next run opens the file that is at the path then.
        known.inode = undefined;
      } else
        this.#files.set(name, {
          id,
          stream,
          path: this.#pathOf(id, stream),
          offset: offsets?.[stream],
          before: Buffer.alloc(0),
          inode: undefined,
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
    for (const stream of STREAMS) {
      const followed = this.#files.get(logName(id, stream));
      if (followed) followed.ended = followed.dirty = true;
    }
    this.#wake?.();
  }

  /** The generation of each of an app's files; see {@link FollowedLine}. */
  generations(id: string): Readonly<Record<Stream, number>> {
    const of = (stream: Stream): number =>
      this.#files.get(logName(id, stream))?.generation ?? this.#firstGeneration;
    return { stdout: of('stdout'), stderr: of('stderr') };
  }

  /** The app is gone. */
  forget(id: string): void {
    for (const stream of STREAMS) this.#files.delete(logName(id, stream));
  }

  close(): void {
    this.#closed = true;
    this.#watch.close();
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
        await this.#idle(this.#watch.active ? QUIET_POLL_EVERY : POLL_EVERY);
      } else if (!(await this.#readDirty())) {
        await this.#idle(POLL_EVERY);
      }
    }
  }

  /** The sizes of the files that have changed. */
  async #sizes(): Promise<{ followed: Followed; size: number }[]> {
    const sizes = [];
    for (const followed of [...this.#files.values()]) {
      if (!followed.dirty) continue;
      const found = await stat(followed.path).catch((error: unknown) => {
        this.#unreadable(followed, error);
        return undefined;
      });
      if (!found) continue;
      this.#notice(followed, found);
      sizes.push({ followed, size: found.size });
    }
    return sizes;
  }

  /** Hands on a block of each file that has changed. Returns whether there is more. */
  async #readDirty(): Promise<boolean> {
    let more = false;
    for (const followed of [...this.#files.values()]) {
      if (!followed.dirty) continue;
      followed.dirty = false;
      try {
        if (await this.#read(followed)) more = followed.dirty = true;
      } catch (error) {
        this.#unreadable(followed, error);
      }
    }
    return more;
  }

  async #idle(pollEvery: number): Promise<void> {
    if (this.#closed || [...this.#files.values()].some(({ dirty }) => dirty)) return;
    const controller = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const polled = sleep(pollEvery, undefined, { signal: controller.signal, ref: false }).then(
      async () => {
        for (const followed of this.#files.values()) followed.dirty = true;
        await this.#watch.renew();
      },
      () => undefined,
    );
    await Promise.race([woken, polled]);
    controller.abort();
    this.#wake = undefined;
  }

  /** Hands on the lines of one block. Returns whether there may be more. */
  async #read(followed: Followed): Promise<boolean> {
    const file = await open(followed.path, 'r');
    try {
      const found = await file.stat();
      this.#notice(followed, found);
      if (followed.offset === undefined || !followed.aligned) {
        const whole = followed.offset !== undefined;
        followed.offset = await lastLineStart(file, followed.offset ?? found.size);
        followed.aligned = true;
        if (!whole) return false;
      }
      return await this.#readLines(followed, file, found.size);
    } finally {
      await file.close();
    }
  }

  async #readLines(followed: Followed, file: FileHandle, size: number): Promise<boolean> {
    const bytes = await readUnread(followed, file, size);
    if (bytes.length === 0) return false;
    const start = followed.offset ?? 0;
    const { lines, rest } = linesOf(bytes);
    let at = 0;
    try {
      for (const line of lines) {
        await this.#hand(followed, line, start + at + line.length + 1);
        at += line.length + 1;
      }
      const piece = lines.length === 0 && bytes.length >= MAX_LINE;
      const last = followed.ended && start + bytes.length >= size;
      if (rest.length > 0 && (piece || last)) {
        await this.#hand(followed, rest, start + bytes.length);
        at = bytes.length;
      }
    } finally {
      remember(followed, bytes, at);
    }
    // What is left begins a line that is not whole yet, or is more than a block.
    return at > 0 && start + bytes.length < size;
  }

  async #hand(followed: Followed, bytes: Buffer, end: number): Promise<void> {
    const { id, stream, generation } = followed;
    await this.#hooks.onLine({ id, stream, line: lineText(bytes), end, generation });
    followed.offset = end;
  }

  #notice(followed: Followed, found: { readonly size: number; readonly ino: number }): void {
    if (noticeChange(followed, found) && !followed.ended) this.#lost(followed, 'replaced by another file');
  }

  #unreadable(followed: Followed, error: unknown): void {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#tell(followed, error as Error);
    else if (followed.inode !== undefined) {
      followed.inode = undefined;
      if (followed.offset !== undefined) startOver(followed);
      if (!followed.ended) this.#lost(followed, 'removed or renamed');
    }
  }

  #lost(followed: Followed, how: string): void {
    this.#tell(followed, lostFile(followed, how));
  }

  /** Tells of a fault, unless the file was forgotten, or all of them, while it was being read. */
  #tell(followed: Followed, fault: Error): void {
    const { id, stream } = followed;
    if (!this.#closed && this.#files.get(logName(id, stream)) === followed) this.#hooks.onFault(fault);
  }
}
