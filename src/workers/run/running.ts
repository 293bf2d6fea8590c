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

/** A command that has begun. Its signal is created when the handler first asks for it: most never do. */
export class Running implements CommandContext {
  #controller: AbortController | undefined;
  #service: ServiceCalls | undefined;
  /** Whether it has been answered, by its handler or by its deadline. */
  answered = false;

  constructor(
    readonly entry: BatchEntry,
    readonly queue: CommandQueue,
    readonly name: string,
    readonly shared: SharedContext,
  ) {}

  get connectionId(): number {
    return this.entry.connectionId;
  }
  get publish(): Publish {
    return this.shared.publish;
  }
  get log(): Logger {
    return this.shared.log;
  }
  get signal(): AbortSignal {
    return (this.#controller ??= new AbortController()).signal;
  }
  get service(): ServiceCalls {
    return (this.#service ??= this.shared.serviceFor(() => this.signal));
  }

  abort(reason: IpcError): void {
    (this.#controller ??= new AbortController()).abort(reason);
  }
}
