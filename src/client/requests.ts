// Requests under way, in order: the oldest is whom the next answer is for.
import { IpcError } from '../protocol/errors.js';
import type { IpcAnswer, IpcEvent, IpcResponse } from '../protocol/messages.js';
import { AnswerError } from './answer-error.js';
import { onAbort } from '../abort.js';

/** Requests without an answer that a connection may have, those that were given up included. */
const MAX_PENDING = 10_000;

/** What answers a request. */
export type Answer = Exclude<IpcResponse, IpcEvent>;

export interface Pending {
  /** With an `Error`, its caller's promise rejects. */
  resolve(response: Answer, bytes: number): void;
  reject(error: unknown): void;
  /** Given up by its caller: its answer is still to come and is nobody's. */
  abandoned: boolean;
  readonly awaited: boolean;
}

export class Requests {
  #pending: Pending[] = [];
  #head = 0;
  #awaited = 0;

  get length(): number {
    return this.#pending.length - this.#head;
  }

  /** Whether somebody waits for an answer here, and not in the inbox. */
  get awaited(): boolean {
    return this.#awaited > 0;
  }

  /**
   * Waits for the next answer. `onAnswer` is called with it before anything that came behind it is looked at,
   * which a promise's continuation is not.
   */
  add(
    timeout: number,
    signal: AbortSignal | undefined,
    onAnswer?: (response: Answer, bytes: number) => void,
    awaited = true,
  ): Promise<IpcAnswer> {
    if (this.length >= MAX_PENDING) {
      throw new IpcError(
        'REQUEST_TIMEOUT',
        `${MAX_PENDING} requests have no answer yet; await some before sending more`,
      );
    }
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const clear = (): void => {
        clearTimeout(timer);
        stop();
      };
      const pending: Pending = {
        abandoned: false,
        awaited,
        resolve(response, bytes) {
          clear();
          onAnswer?.(response, bytes);
          if ('Error' in response) reject(new AnswerError(response));
          else resolve(response);
        },
        reject(error) {
          clear();
          pending.abandoned = true;
          reject(error);
        },
      };
      const stop = onAbort(signal, () => pending.reject(signal?.reason));
      if (timeout > 0) {
        const late = (): void =>
          pending.reject(new IpcError('REQUEST_TIMEOUT', `No answer came within ${timeout} ms (timeout)`));
        timer = setTimeout(late, timeout);
      }
      this.#pending.push(pending);
      if (awaited) this.#awaited += 1;
    });
  }

  /** An answer has come; false when nobody asked. */
  answer(response: Answer, bytes: number): boolean {
    const pending = this.#pending[this.#head];
    if (!pending) return false;
    this.#head += 1;
    if (pending.awaited) this.#awaited -= 1;
    if (this.#head * 2 > this.#pending.length) {
      this.#pending = this.#pending.slice(this.#head);
      this.#head = 0;
    }
    if (!pending.abandoned) pending.resolve(response, bytes);
    return true;
  }

  /** No answers will come. */
  rejectAll(error: IpcError): void {
    const left = this.#pending.slice(this.#head);
    this.#pending = [];
    this.#head = 0;
    this.#awaited = 0;
    for (const pending of left) if (!pending.abandoned) pending.reject(error);
  }
}
