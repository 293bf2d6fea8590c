// The frames for the callers of recv(), in the order of the wire: answers to send(), and events without a subscription.
import type { IpcError } from '../protocol/errors.js';
import type { IpcEvent, IpcResponse } from '../protocol/messages.js';
import { Queue } from '../queue.js';
import { within } from '../timeout.js';
import { EventBuffer } from './event-buffer.js';
import type { Answer } from './requests.js';
import { Waiters } from './waiters.js';

export class Inbox {
  readonly #answers = new Queue<{
    readonly answer: Answer;
    readonly bytes: number;
    readonly order: number;
  }>();
  readonly #events = new EventBuffer();
  readonly #receivers = new Waiters<IpcResponse>();
  readonly #limit: number;
  #answerBytes = 0;
  #order = 0;
  #used = false;
  #end: IpcError | undefined;

  /** @param limit Bytes that may wait here; for events while reading goes on, and for everything else that is read. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The size, as frames, of everything that waits. */
  get bytes(): number {
    return this.#answerBytes + this.#events.bytes;
  }

  /** Whether the answers alone fill it. Answers cannot be dropped, so nothing is read until some are taken. */
  get fullOfAnswers(): boolean {
    return this.#answerBytes >= this.#limit;
  }

  /** Whether events without a subscription are kept here. */
  get used(): boolean {
    return this.#used;
  }

  /** Whether a caller waits in recv(). */
  get awaited(): boolean {
    return this.#receivers.length > 0;
  }

  use(): void {
    this.#used = true;
  }

  pushAnswer(answer: Answer, bytes: number): void {
    if (this.#receivers.give(answer)) return;
    this.#answers.push({ answer, bytes, order: ++this.#order });
    this.#answerBytes += bytes;
  }

  /** @param drop Whether reading has to go on, so that the oldest events are dropped when the inbox is full. */
  pushEvent(event: IpcEvent, bytes: number, drop: boolean): void {
    if (this.#receivers.give(event)) return;
    this.#events.push(event.Event, bytes, ++this.#order);
    if (drop) this.#events.dropDownTo(this.#limit);
  }

  /** The next frame; rejects after `timeout` ms, 0 for never, or at the end of the connection. */
  next(timeout: number): Promise<IpcResponse> {
    this.#used = true;
    const waiting = this.#take();
    if (waiting) return Promise.resolve(waiting);
    if (this.#end) return Promise.reject(this.#end);
    const { promise, forget } = this.#receivers.wait();
    return within(promise, timeout, 'Nothing came', forget);
  }

  /** Nothing more will come; what waits can still be taken. */
  end(error: IpcError): void {
    this.#end = error;
    this.#receivers.endAll(({ reject }) => reject(error));
  }

  #take(): IpcResponse | undefined {
    const order = this.#answers.peek()?.order ?? Infinity;
    if (this.#events.order < order) {
      const event = this.#events.shift();
      return event && { Event: event };
    }
    const oldest = this.#answers.shift();
    this.#answerBytes -= oldest?.bytes ?? 0;
    return oldest?.answer;
  }
}
