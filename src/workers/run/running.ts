// A command that has begun in a lane, as its handler sees it.
import type { Logger } from 'pino';
import type { IpcError } from '../../protocol/errors.js';
import type { Queue } from '../../queue.js';
import type { BatchEntry } from '../link/batch.js';
import type { CommandContext, Publish, ServiceCalls } from '../../define.js';

/** The part of the context that all commands of a lane share. */
export interface SharedContext {
  readonly publish: Publish;
  readonly log: Logger;
  /** The service as one command calls it: its calls end when the command's signal fires. */
  readonly serviceFor: (signal: () => AbortSignal) => ServiceCalls;
}

/** Where a context keeps its command, which the two properties below need. */
const RUNNING = Symbol('running');

// All contexts share these functions. With functions of its own for each command, every context has another shape, and
// every access is slow (measured: half of the requests a second).
function signal(this: OwnContext): AbortSignal {
  return this[RUNNING].signal;
}
function service(this: OwnContext): ServiceCalls {
  return this[RUNNING].service;
}

/**
 * Defines an own, enumerable accessor, as `Object.defineProperty` does, in a third of its time (0.08 µs instead of 0.24).
 * Each command has two. In the language for ever (ECMA-262, B.2.2.2), though not in TypeScript's library.
 */
const { __defineGetter__: defineGetter } = Object.prototype as unknown as {
  readonly __defineGetter__: (this: object, name: string, get: () => unknown) => void;
};

/** All its properties are its own, so that a handler can copy it: `{ ...context, user }`. */
class OwnContext implements CommandContext {
  readonly connectionId: number;
  readonly publish: Publish;
  readonly log: Logger;
  // Created when a handler first asks for them: most never do.
  declare readonly signal: AbortSignal;
  declare readonly service: ServiceCalls;
  readonly [RUNNING]: Running;

  constructor(running: Running, { publish, log }: SharedContext) {
    this.connectionId = running.entry.connectionId;
    this.publish = publish;
    this.log = log;
    this[RUNNING] = running;
    defineGetter.call(this, 'signal', signal);
    defineGetter.call(this, 'service', service);
  }
}

/** A command that has begun. */
export class Running {
  readonly #shared: SharedContext;
  #controller: AbortController | undefined;
  #service: ServiceCalls | undefined;
  /** Whether it has been answered, by its handler or by its deadline. */
  answered = false;
  readonly context: CommandContext;

  constructor(
    readonly entry: BatchEntry,
    readonly queue: Queue<BatchEntry>,
    readonly name: string,
    shared: SharedContext,
  ) {
    this.#shared = shared;
    this.context = new OwnContext(this, shared);
  }

  /** Fires when its deadline has passed. */
  get signal(): AbortSignal {
    return (this.#controller ??= new AbortController()).signal;
  }

  get service(): ServiceCalls {
    return (this.#service ??= this.#shared.serviceFor(() => this.signal));
  }

  abort(reason: IpcError): void {
    (this.#controller ??= new AbortController()).abort(reason);
  }
}
