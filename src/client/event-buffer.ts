// Events that have come and not been taken: bounded in bytes, told of what was dropped, one reader.
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
  #waiter: Waiter | undefined;

  /** Bytes, as frames, of the events that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  push(event: ReceivedEvent, bytes: number): void {
    if (this.#ended) return;
    if (this.#waiter) {
      const { resolve } = this.#waiter;
      this.#waiter = undefined;
      resolve({ value: event, done: false });
      return;
    }
    this.#items.push({ event, bytes });
    this.#bytes += bytes;
  }

  /** Takes the oldest event away unread; whether there was one. */
  dropOldest(): boolean {
    return this.#shift() !== undefined;
  }

  /** The next event, when there is one; done when ended. One caller at a time. */
  next(): Promise<IteratorResult<ReceivedEvent, undefined>> {
    const buffered = this.#shift();
    if (buffered) return Promise.resolve({ value: buffered.event, done: false });
    if (this.#error !== undefined) {
      const error = this.#error as Error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  /** No more events: what is buffered can still be read, then `error` is thrown if there is one. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (error === undefined) waiter?.resolve({ value: undefined, done: true });
    else if (waiter) waiter.reject(error);
    else this.#error = error;
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
