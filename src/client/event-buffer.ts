// Events that have come and not been taken: bounded in bytes, and those who wait for the next one, in the order in which they asked.
import type { IpcEvent } from '../protocol/messages.js';

/** An event as a subscriber sees it. */
export type ReceivedEvent = IpcEvent['Event'];

interface Buffered {
  readonly event: ReceivedEvent;
  readonly bytes: number;
}

interface Waiter {
  readonly resolve: (result: IteratorResult<ReceivedEvent, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

export class EventBuffer {
  #items: Buffered[] = [];
  #head = 0;
  #bytes = 0;
  #ended = false;
  #error: unknown;
  readonly #waiters: Waiter[] = [];

  /** Bytes, as frames, of the events that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  push(event: ReceivedEvent, bytes: number): void {
    if (this.#ended) return;
    const waiter = this.#waiters.shift();
    if (waiter) {
      waiter.resolve({ value: event, done: false });
      return;
    }
    this.#items.push({ event, bytes });
    this.#bytes += bytes;
  }

  /** Takes the oldest event away unread; whether there was one. */
  dropOldest(): boolean {
    return this.#shift() !== undefined;
  }

  /** The next event, when there is one; done when ended. Callers are served in order. */
  next(): Promise<IteratorResult<ReceivedEvent, undefined>> {
    const buffered = this.#shift();
    if (buffered) return Promise.resolve({ value: buffered.event, done: false });
    if (this.#error !== undefined) {
      const error = this.#error as Error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /**
   * No more events: what is buffered can still be read, then `error` is thrown, once, if there is one. Those who
   * wait all get it now.
   */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    const waiters = this.#waiters.splice(0);
    if (waiters.length === 0) this.#error = error;
    for (const { resolve, reject } of waiters) {
      if (error === undefined) resolve({ value: undefined, done: true });
      else reject(error);
    }
  }

  /** Forgets what is buffered. */
  clear(): void {
    this.#items = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  #shift(): Buffered | undefined {
    const item = this.#items[this.#head];
    if (!item) return undefined;
    this.#head += 1;
    this.#bytes -= item.bytes;
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
