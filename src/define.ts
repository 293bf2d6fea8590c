// Defines the two modules that an embedder writes: command handlers and a service. Light to import; runs in worker threads.
import type { Logger } from 'pino';
import { HANDLED_COMMANDS, type HandledCommand } from './commands.js';
import { checkCommands, checkService } from './defined.js';
import type { EventInput } from './protocol/events.js';
import type { CommandArgs, IpcEvent, IpcResponse } from './protocol/messages.js';

/** Publishes an event to every subscriber whose filter it passes. */
export type Publish = (event: EventInput) => Promise<void>;

/**
 * The second argument of a handler. Its members may be destructured and copied: `({ publish, signal }) => …`,
 * `{ ...context, user }`.
 */
export interface CommandContext<S extends object = ServiceFunctions> {
  /** The number of the command's connection; unique in the life of the daemon. */
  readonly connectionId: number;
  /**
   * Resolves when the event is in the broker's window, so a handler that awaits each call cannot overrun the broker.
   * Rejects with `EVENT_INVALID`, `PUBLISH_OVERRUN` (too much was published without awaiting) or `PUBLISH_CLOSED`.
   */
  readonly publish: Publish;
  /**
   * Fires when the command runs longer than `workers.commandTimeout`; its client has been sent an `Error` by then. A client that
   * disconnects does not end its command.
   */
  readonly signal: AbortSignal;
  /** A logger whose lines name the thread. */
  readonly log: Logger;
  /**
   * The functions of the daemon's `service`. Every call is a promise, whatever the function returns, and rejects
   * with `SERVICE_UNAVAILABLE` when the service dies, with `SERVICE_METHOD_UNKNOWN` if it has no such function, and
   * when {@link signal} fires. Arguments and results are structured-cloned.
   */
  readonly service: ServiceCalls<S>;
}

/** The functions a service offers. Arguments and results are structured-cloned. */
export type ServiceFunctions = Readonly<Record<string, (...args: never[]) => unknown>>;

/** The functions of a service in the form in which a handler calls them: each returns a promise. `S` is the service's own type. */
export type ServiceCalls<S extends object = ServiceFunctions> = {
  readonly [K in keyof S]: S[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

export type { HandledCommand };
/** The error that a handler throws to answer with a code of its own. */
export { type AnyErrorCode, type ErrorCode, IpcError } from './protocol/errors.js';

/** The answers that a handler may give; events are sent with `publish`. */
export type CommandAnswer = Exclude<IpcResponse, IpcEvent>;

/** Answers one command. A thrown error becomes an `Error` response with the error's message and code. */
export type CommandHandler<K extends HandledCommand, S extends object = ServiceFunctions> = (
  args: CommandArgs<K>,
  context: CommandContext<S>,
) => CommandAnswer | Promise<CommandAnswer>;

/** Handlers by command; a command without a handler is answered with an `Error`. */
export type CommandHandlers<S extends object = ServiceFunctions> = {
  readonly [K in HandledCommand]?: CommandHandler<K, S>;
};

/** The argument of the set-up function of a commands module, which runs once in each lane. */
export interface CommandSetup<S extends object = ServiceFunctions> {
  /** The `workerData` that `startDaemon` was given. */
  readonly workerData: unknown;
  readonly service: ServiceCalls<S>;
  readonly publish: Publish;
  readonly log: Logger;
}

/** A commands module's default export; see {@link defineCommands}. */
export interface CommandsDefinition {
  readonly kind: 'bunctl-ipc.commands';
  readonly setUp: (setup: CommandSetup) => CommandHandlers | Promise<CommandHandlers>;
}

/**
 * Defines the handlers of a commands module, either as a table or as a function that sets it up in each lane.
 * The type of the service, as in `defineCommands<typeof service>(…)`, types its calls.
 *
 * @throws {TypeError} for a class instance, a name that is not a command, and a handler that is not a function. The
 *   result of a set-up function is checked when it returns; if it is refused, the daemon does not start.
 */
export function defineCommands<S extends object = ServiceFunctions>(
  handlers:
    | CommandHandlers<S>
    | ((setup: CommandSetup<S>) => CommandHandlers<S> | Promise<CommandHandlers<S>>),
): CommandsDefinition {
  const checked = (table: CommandHandlers<S>): CommandHandlers<S> => {
    checkCommands(table, HANDLED_COMMANDS);
    return table;
  };
  if (typeof handlers !== 'function') checked(handlers);
  const setUp =
    typeof handlers === 'function'
      ? async (setup: CommandSetup<S>) => checked(await handlers(setup))
      : () => handlers;
  return { kind: 'bunctl-ipc.commands', setUp: setUp as CommandsDefinition['setUp'] };
}

/** The argument of the set-up function of a service module. */
export interface ServiceSetup<H extends object = ServiceFunctions> {
  readonly workerData: unknown;
  /** The functions of the `host` option of `startDaemon`, on the main thread; without that option calls reject. */
  readonly host: ServiceCalls<H>;
  readonly publish: Publish;
  readonly log: Logger;
}

/** A service module's default export; see {@link defineService}. */
export interface ServiceDefinition {
  readonly kind: 'bunctl-ipc.service';
  readonly setUp: (setup: ServiceSetup) => object | Promise<object>;
}

/**
 * Defines a service: state that the handlers of all lanes share, in a thread of its own. A service never awaits a lane.
 * The type of the host, as in `defineService<Host>(…)`, types its calls.
 *
 * @throws {TypeError} for a value that is not an object, and in a plain object for an entry that is not a function; for
 *   the result of a set-up function when it is set up.
 */
export function defineService<H extends object = ServiceFunctions>(
  functions: ServiceFunctions | ((setup: ServiceSetup<H>) => object | Promise<object>),
): ServiceDefinition {
  const checked = (service: object): object => {
    checkService(service);
    return service;
  };
  if (typeof functions !== 'function') checked(functions);
  const setUp =
    typeof functions === 'function'
      ? async (setup: ServiceSetup<H>) => checked(await functions(setup))
      : () => functions;
  return { kind: 'bunctl-ipc.service', setUp: setUp as ServiceDefinition['setUp'] };
}
