// What an embedder writes: the handlers of commands and the functions of a service. Light to import; runs in workers.
import type { Logger } from 'pino';
import type { EventInput } from './protocol/events.js';
import type { CommandArgs, CommandName, IpcEvent, IpcResponse } from './protocol/messages.js';

/** Publishes an event to every subscriber whose filter it passes. */
export type Publish = (event: EventInput) => Promise<void>;

/** What a handler is given beside its arguments. Its members may be taken apart: `({ publish, signal }) => …`. */
export interface CommandContext<S extends object = ServiceFunctions> {
  /** Which connection the command came on; unique in the daemon's life. */
  readonly connectionId: number;
  /**
   * Resolves when the event is in the broker's window, so a handler that awaits it never floods.
   * Rejects with `EVENT_INVALID`, `PUBLISH_OVERRUN` (too much was published without awaiting) or `PUBLISH_CLOSED`.
   */
  readonly publish: Publish;
  /** Fires when the command ran past `workers.commandTimeout`; its client has had its `Error` then. */
  readonly signal: AbortSignal;
  /** A logger that says which lane it is. */
  readonly log: Logger;
  /**
   * The functions of the daemon's `service`. Every call is a promise, whatever the function returns, and rejects
   * with `SERVICE_UNAVAILABLE` when the service dies, `SERVICE_METHOD_UNKNOWN` when it has no such function, or
   * when {@link signal} fires. Arguments and results are structured-cloned.
   */
  readonly service: ServiceCalls<S>;
}

/** The functions a service offers. Arguments and results are structured-cloned. */
export type ServiceFunctions = Readonly<Record<string, (...args: never[]) => unknown>>;

/** The functions of a service as a handler calls them: each gives a promise. `S` is the service's own type. */
export type ServiceCalls<S extends object = ServiceFunctions> = {
  readonly [K in keyof S]: S[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

/** The commands an embedder may handle; `Subscribe` and `Unsubscribe` are the broker's. */
export type HandledCommand = Exclude<CommandName, 'Subscribe' | 'Unsubscribe'>;

/** What a handler may answer with; events go by `publish`. */
export type CommandAnswer = Exclude<IpcResponse, IpcEvent>;

/** Answers one command. What it throws becomes an `Error` response with the thrown message. */
export type CommandHandler<K extends HandledCommand, S extends object = ServiceFunctions> = (
  args: CommandArgs<K>,
  context: CommandContext<S>,
) => CommandAnswer | Promise<CommandAnswer>;

/** Handlers by command; a command without one is answered with an `Error`. */
export type CommandHandlers<S extends object = ServiceFunctions> = {
  readonly [K in HandledCommand]?: CommandHandler<K, S>;
};

/** What set-up of a commands module is given, once in each lane. */
export interface CommandSetup<S extends object = ServiceFunctions> {
  /** What `startDaemon` was given as `workerData`. */
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
 * Give the type of the service, `defineCommands<typeof service>(…)`, to have its calls typed.
 */
export function defineCommands<S extends object = ServiceFunctions>(
  handlers:
    CommandHandlers<S> | ((setup: CommandSetup<S>) => CommandHandlers<S> | Promise<CommandHandlers<S>>),
): CommandsDefinition {
  const setUp = typeof handlers === 'function' ? handlers : () => handlers;
  return { kind: 'bunctl-ipc.commands', setUp: setUp as CommandsDefinition['setUp'] };
}

/** What set-up of a service module is given. */
export interface ServiceSetup<H extends object = ServiceFunctions> {
  readonly workerData: unknown;
  /** The functions of `startDaemon`'s `host`, on the main thread; calls without one reject. */
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
 * Defines state that the handlers of all lanes share, in a thread of its own. A service never awaits a lane.
 * Give the type of the host, `defineService<Host>(…)`, to have its calls typed.
 */
export function defineService<H extends object = ServiceFunctions>(
  functions: ServiceFunctions | ((setup: ServiceSetup<H>) => object | Promise<object>),
): ServiceDefinition {
  const setUp = typeof functions === 'function' ? functions : () => functions;
  return { kind: 'bunctl-ipc.service', setUp: setUp as ServiceDefinition['setUp'] };
}
