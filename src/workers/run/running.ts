// Commands in a lane: a connection's commands that wait, and a command that has begun, as its handler sees it.
import type { Logger } from 'pino';
import type { IpcError } from '../../protocol/errors.js';
import type { BatchEntry } from '../link/batch.js';
import type { CommandContext, Publish, ServiceCalls } from '../../define.js';

/** The part of the context that all commands of a lane share. */
export interface SharedContext {
  readonly publish: Publish;
  readonly log: Logger;
  /** The service as one command calls it: its calls end when the command's signal fires. */
  readonly serviceFor: (signal: () => AbortSignal) => ServiceCalls;
}

/** The commands of one connection that are in this lane. */
export class CommandQueue {
  #queue: BatchEntry[] = [];
  #head = 0;

  push(entry: BatchEntry): void {
    this.#queue.push(entry);
  }

  next(): BatchEntry | undefined {
    const entry = this.#queue[this.#head];
    if (entry === undefined) return undefined;
    this.#head += 1;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
    return entry;
  }

  get empty(): boolean {
    return this.#head === this.#queue.length;
  }
}

/** A command that has begun. */
export class Running {
  #controller: AbortController | undefined;
  /** Whether it has been answered, by its handler or by its deadline. */
  answered = false;
  /** All its properties are its own, so that a handler can copy it: `{ ...context, user }`. */
  readonly context: CommandContext;

  constructor(
    readonly entry: BatchEntry,
    readonly queue: CommandQueue,
    readonly name: string,
    { publish, log, serviceFor }: SharedContext,
  ) {
    const signal = (): AbortSignal => (this.#controller ??= new AbortController()).signal;
    let service: ServiceCalls | undefined;
    this.context = {
      connectionId: entry.connectionId,
      publish,
      log,
      // Created when a handler first asks for them: most never do.
      get signal() {
        return signal();
      },
      get service() {
        return (service ??= serviceFor(signal));
      },
    };
  }

  abort(reason: IpcError): void {
    (this.#controller ??= new AbortController()).abort(reason);
  }
}
