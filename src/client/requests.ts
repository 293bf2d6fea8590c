// Requests without an answer, in order: the next answer is for the oldest. One timer serves the deadlines of all.
import { onAbort } from '../abort.js';
import { type Clock, systemClock } from '../clock.js';
import { IpcError } from '../protocol/errors.js';
import type { IpcAnswer, IpcEvent, IpcResponse } from '../protocol/messages.js';
import { Queue } from '../queue.js';
import { AnswerError } from './answer-error.js';

/** Requests without an answer that a connection may have, those that were given up included. */
const MAX_PENDING = 10_000;

/** The answer to a request. */
export type Answer = Exclude<IpcResponse, IpcEvent>;

/** Called with the answer of a request, given up or not, before anything that came behind it is looked at. */
export type OnAnswer = (answer: Answer, bytes: number) => void;

export interface Asked {
  /** In ms; 0 for none. Counted from the last answer that came before, see {@link Requests.ask}. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  readonly onAnswer?: OnAnswer | undefined;
}

interface Pending {
  readonly sent: number;
  readonly timeout: number;
  readonly onAnswer: OnAnswer | undefined;
  /** Undefined for a request whose caller does not wait here, or gave it up: its answer is still to come. */
  caller: { resolve(answer: Answer): void; reject(error: unknown): void } | undefined;
}

export class Requests {
  readonly #clock: Clock;
  readonly #pending = new Queue<Pending>();
  #waiting = 0;
  #lastAnswer = 0;
  #cancelTimer: (() => void) | undefined;
  #timerDue = Infinity;
  readonly #onIdle: () => void;
  readonly #answerGrows: () => boolean;

  /**
   * @param onIdle Called when no caller waits any more.
   * @param answerGrows Whether a part of what may be an answer has come since the last call.
   */
  constructor(
    clock: Clock = systemClock,
    onIdle: () => void = () => undefined,
    answerGrows: () => boolean = () => false,
  ) {
    this.#clock = clock;
    this.#onIdle = onIdle;
    this.#answerGrows = answerGrows;
  }

  /** Requests without an answer, those that were given up included. */
  get length(): number {
    return this.#pending.length;
  }

  /** Whether a caller waits for an answer here, and not in the inbox. */
  get awaited(): boolean {
    return this.#waiting > 0;
  }

  /** @throws {IpcError} `REQUEST_TIMEOUT` if the daemon owes too many answers already. */
  checkRoom(): void {
    if (this.length < MAX_PENDING) return;
    throw new IpcError(
      'REQUEST_TIMEOUT',
      `${MAX_PENDING} requests have no answer yet; await some before sending more`,
    );
  }

  /** A request whose answer is taken by `onAnswer` alone. */
  expect(onAnswer: OnAnswer): void {
    this.#pending.push({ sent: this.#clock.now(), timeout: 0, onAnswer, caller: undefined });
  }

  /**
   * A request whose answer a caller waits for.
   *
   * The daemon runs the requests of a connection one after the other, so the time of a request counts from its
   * turn: from the last answer before it, or from when it was sent. It is not late while an earlier request may still
   * be waited for, nor while a frame comes in that may be its answer.
   */
  ask({ timeout, signal, onAnswer }: Asked): Promise<IpcAnswer> {
    return new Promise((resolve, reject) => {
      let stop = (): void => undefined;
      const settled = (): void => {
        pending.caller = undefined;
        this.#waiting -= 1;
        stop();
        if (this.#waiting === 0) this.#onIdle();
      };
      const pending: Pending = {
        sent: this.#clock.now(),
        timeout,
        onAnswer,
        caller: {
          resolve(answer) {
            settled();
            if ('Error' in answer) reject(new AnswerError(answer));
            else resolve(answer);
          },
          reject(error) {
            settled();
            reject(error);
          },
        },
      };
      // First: whatever happens here, its answer will come.
      this.#pending.push(pending);
      this.#waiting += 1;
      stop = onAbort(signal, () => pending.caller?.reject(signal?.reason));
      if (timeout > 0) this.#wakeBy(pending.sent + timeout);
    });
  }

  /** Takes an answer; false if no request waits for one. */
  answer(answer: Answer, bytes: number): boolean {
    const pending = this.#pending.shift();
    if (!pending) return false;
    this.#lastAnswer = this.#clock.now();
    pending.onAnswer?.(answer, bytes);
    pending.caller?.resolve(answer);
    return true;
  }

  /** Rejects every request: the connection is over. */
  rejectAll(error: IpcError): void {
    this.#cancelTimer?.();
    this.#timerDue = Infinity;
    for (const { caller } of this.#pending.takeAll()) caller?.reject(error);
  }

  #wakeBy(due: number): void {
    if (due >= this.#timerDue) return;
    this.#cancelTimer?.();
    this.#timerDue = due;
    this.#cancelTimer = this.#clock.after(Math.max(0, due - this.#clock.now()), () => {
      this.#timerDue = Infinity;
      this.#judge();
    });
  }

  /** Rejects late requests. The first request that is not late protects those behind it. */
  #judge(): void {
    const now = this.#clock.now();
    let due = 0;
    let grows: boolean | undefined;
    for (const { caller, timeout, sent } of this.#pending) {
      if (!caller || timeout === 0) continue;
      due = Math.max(due, Math.max(sent, this.#lastAnswer) + timeout);
      if (due > now) {
        this.#wakeBy(due);
        return;
      }
      grows ??= this.#answerGrows();
      if (grows) {
        this.#wakeBy(now + timeout);
        return;
      }
      caller.reject(new IpcError('REQUEST_TIMEOUT', `No answer came within ${timeout} ms (timeout)`));
    }
  }
}
