// Runs commands in a lane: one at a time for each connection, claimed before they begin, answered as they finish.
import { Buffer } from 'node:buffer';
import type { Clock } from '../../clock.js';
import type { Tell } from '../../telemetry/diagnostics.js';
import { IpcError } from '../../protocol/errors.js';
import { filterOf, LONGEST_APP_NAME } from '../../protocol/events.js';
import { parseJson } from '../../protocol/json.js';
import { parseRequest, type SubscriptionType, splitRequest } from '../../protocol/messages.js';
import { encodeAnswer, encodeError, thrownForLog } from './answer.js';
import { ANSWER, type AnswerKind } from '../link/answers.js';
import type { BatchEntry } from '../link/batch.js';
import type { CommandContext, CommandHandlers, HandledCommand } from '../../define.js';
import { Queue } from '../../queue.js';
import { Deadlines } from './deadlines.js';
import { Running, type SharedContext } from './running.js';

/** How an executor is joined to its lane. */
export interface ExecutorOptions {
  readonly handlers: CommandHandlers;
  /** Commands that lanes of another tier run. */
  readonly elsewhere?: ReadonlySet<string> | undefined;
  readonly shared: SharedContext;
  /** Milliseconds that a command may run, counted from its beginning. */
  readonly commandTimeout: number;
  readonly maxMessageSize: number;
  readonly clock: Clock;
  readonly tell: Tell;
  /** Runs an action in a later turn of the loop. */
  readonly soon: (action: () => void) => void;
  /** Claims a command; false when it was taken back. */
  readonly claim: (slot: number, sequence: number) => boolean;
  readonly answer: (slot: number, sequence: number, kind: AnswerKind, text: string, size: number) => void;
  /** Sends the answers; false while main has too much to take in. */
  readonly flush: () => boolean;
}

/** Milliseconds that answers wait at most behind the commands that follow them. */
const FLUSH_AFTER = 1;
/** Milliseconds after which the loop turns while commands that do not wait follow one another. */
const YIELD_AFTER = 5;

export class Executor {
  readonly #options: ExecutorOptions;
  readonly #handlers: ReadonlyMap<string, (args: never, context: CommandContext) => unknown>;
  readonly #queues = new Map<number, Queue<BatchEntry>>();
  #ready: Queue<BatchEntry>[] = [];
  readonly #deadlines: Deadlines<Running>;
  #scheduled = false;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#handlers = new Map(
      Object.entries(options.handlers).filter(([, handler]) => typeof handler === 'function'),
    );
    this.#deadlines = new Deadlines(options.clock, options.commandTimeout, (running) =>
      this.#overrun(running),
    );
  }

  /** Takes commands in and begins as many of them as one turn allows. */
  take(entries: readonly BatchEntry[]): void {
    for (const entry of entries) {
      let queue = this.#queues.get(entry.connectionId);
      if (queue === undefined) {
        queue = new Queue<BatchEntry>();
        this.#queues.set(entry.connectionId, queue);
        this.#ready.push(queue);
      }
      queue.push(entry);
    }
    this.#turn();
  }

  /** Goes on with the commands that wait; also to be called when main has taken in what was sent. */
  resume(): void {
    if (this.#ready.length > 0) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#options.soon(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    const { clock, flush } = this.#options;
    const began = clock.now();
    let flushed = began;
    let open = flush();
    let queue: Queue<BatchEntry> | undefined;
    let at = 0;
    // A connection keeps the lane while its commands do not wait, so that its answers lie side by side.
    while (open && (queue ??= this.#ready[at++])) {
      if (!this.#advance(queue)) queue = undefined;
      const now = clock.now();
      if (now - flushed < FLUSH_AFTER) continue;
      open = flush();
      flushed = now;
      if (queue) this.#ready.push(queue);
      queue = undefined;
      if (now - began >= YIELD_AFTER) break;
    }
    this.#ready.splice(0, at);
    if (open) this.resume();
    flush();
  }

  /** Runs a queue's next command; false when none can begin now. */
  #advance(queue: Queue<BatchEntry>): boolean {
    const entry = queue.shift();
    if (entry === undefined) return false;
    if (!this.#options.claim(entry.slot, entry.sequence)) return !this.#retire(queue, entry);
    const waits = this.#begin(entry, queue);
    return !waits && !this.#retire(queue, entry);
  }

  /** Forgets a queue that has no commands; returns whether it had none. */
  #retire(queue: Queue<BatchEntry>, entry: BatchEntry): boolean {
    if (queue.length > 0) return false;
    if (this.#queues.get(entry.connectionId) === queue) this.#queues.delete(entry.connectionId);
    return true;
  }

  /** Begins a command; true when its answer comes later. */
  #begin(entry: BatchEntry, queue: Queue<BatchEntry>): boolean {
    try {
      const { name, args } = splitRequest(parseRequest(parseJson(entry.payload)));
      if (name === 'Subscribe' || name === 'Unsubscribe') {
        this.#handBack(entry, name, args);
        return false;
      }
      // Main reads the name without parsing. A form that it cannot read must not choose where a command runs.
      if (this.#options.elsewhere?.has(name))
        throw new IpcError(
          'MESSAGE_INVALID',
          `Invalid message: the name of the command must be written plainly, as in {"${name}":…}`,
        );
      const handler = this.#handlers.get(name satisfies HandledCommand);
      if (handler === undefined) throw new IpcError('COMMAND_UNKNOWN', `This daemon does not handle ${name}`);
      const running = new Running(entry, queue, name, this.#options.shared);
      const result = handler(args as never, running.context);
      if (!isThenable(result)) {
        this.#answerWith(running, result);
        return false;
      }
      // A thenable that is not a promise may throw, or call back synchronously, twice or never.
      const settled = Promise.resolve(result);
      this.#deadlines.add(running);
      settled.then(
        (value) => this.#finish(running, value),
        (thrown: unknown) => this.#fail(running, thrown),
      );
      return true;
    } catch (thrown) {
      this.#refuse(entry, thrown);
      return false;
    }
  }

  /** Subscriptions belong to the broker: main performs the two commands when it comes to their answers. */
  #handBack({ slot, sequence }: BatchEntry, name: 'Subscribe' | 'Unsubscribe', args: unknown): void {
    if (name === 'Unsubscribe') {
      this.#options.answer(slot, sequence, ANSWER.UNSUBSCRIBE, '', 0);
      return;
    }
    const filter = filterOf((args as { subscription: SubscriptionType }).subscription);
    if (filter.appName !== null && filter.appName.length > LONGEST_APP_NAME) {
      throw new IpcError(
        'MESSAGE_INVALID',
        `Invalid message: Subscribe: app_name is longer than ${LONGEST_APP_NAME} characters`,
      );
    }
    const text = JSON.stringify(filter);
    this.#options.answer(slot, sequence, ANSWER.SUBSCRIBE, text, Buffer.byteLength(text));
  }

  #finish(running: Running, value: unknown): void {
    if (running.answered) return;
    this.#deadlines.delete(running);
    try {
      this.#answerWith(running, value);
    } catch (thrown) {
      this.#refuse(running.entry, thrown);
    }
    this.#goOn(running);
  }

  #fail(running: Running, thrown: unknown): void {
    if (running.answered) return;
    this.#deadlines.delete(running);
    this.#refuse(running.entry, thrown);
    this.#goOn(running);
  }

  #overrun(running: Running): void {
    const message = `${running.name} did not finish within ${this.#options.commandTimeout} ms; it may still take effect`;
    const error = new IpcError('COMMAND_TIMEOUT', message);
    this.#refuse(running.entry, error, ANSWER.OVERRUN);
    this.#goOn(running);
    running.abort(error);
  }

  /** A command that waited is answered: its connection's next one may begin. */
  #goOn(running: Running): void {
    running.answered = true;
    if (!this.#retire(running.queue, running.entry)) this.#ready.push(running.queue);
    // Its answer is sent with the others of this turn, or at once if there can be no others.
    if (this.#queues.size === 0) this.#options.flush();
    else this.#schedule();
  }

  #answerWith(running: Running, value: unknown): void {
    const { slot, sequence } = running.entry;
    const { text, size } = encodeAnswer(value, running.name, this.#options.maxMessageSize);
    this.#options.answer(slot, sequence, ANSWER.RESPONSE, text, size);
  }

  #refuse(entry: BatchEntry, thrown: unknown, kind: AnswerKind = ANSWER.RESPONSE): void {
    if (!(thrown instanceof IpcError)) this.#options.tell('command.failed', { err: thrownForLog(thrown) });
    const { text, size } = encodeError(thrown, this.#options.maxMessageSize);
    this.#options.answer(entry.slot, entry.sequence, kind, text, size);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
