// The options of startDaemon: their types, defaults and units.
import type { Logger } from 'pino';
import type { HandledCommand } from './commands.js';

/** The options of `startDaemon`. Times are in ms, sizes in bytes. */
export interface DaemonOptions {
  /**
   * The daemon's name, by which its clients find it: it listens on `socketPathOf(name)`. 1 to 64 letters, digits,
   * dots, dashes and underscores. Either this or {@link socketPath} is required: without a name of its own, a daemon
   * would answer the clients of another daemon.
   */
  readonly name?: string | undefined;
  /**
   * The endpoint to listen on, in place of a name: a path, or on Windows also the name of a pipe. The socket has mode
   * 0600. No option changes the mode or the group, because whoever connects acts as the daemon's user.
   */
  readonly socketPath?: string | undefined;
  /** URL of a module whose default export is `defineCommands(…)`; loaded in every lane. */
  readonly commands: URL | string;
  /** URL of a module whose default export is `defineService(…)`, or an object whose functions run on the main thread. */
  readonly service?: URL | string | object | undefined;
  /**
   * An object whose functions run on the main thread. The service module calls them as `context.host`. They are for work
   * that only the main thread can do, such as owning child processes. Each must be short or only wait. Refused without a service module.
   */
  readonly host?: object | undefined;
  /** Given to the commands and service modules; structured-cloneable. */
  readonly workerData?: unknown;
  /**
   * The time that the start may take. Past it, everything begun is undone and `startDaemon` rejects with `START_TIMEOUT`. 0 or
   * `Infinity` for no limit. Default 0; each module has 30 s to load in any case.
   */
  readonly startTimeout?: number | undefined;
  /** Aborts the start: everything begun is undone, and `startDaemon` rejects with the signal's reason. After the start the signal has no effect. */
  readonly signal?: AbortSignal | undefined;
  readonly workers?: WorkersOptions | undefined;
  readonly connections?: ConnectionsOptions | undefined;
  readonly subscribers?: SubscribersOptions | undefined;
  /**
   * Whether main and the lanes measure how late their loops are, for `stats()`. It wakes each of them 100 times a second,
   * even while there is nothing to do. Default: false.
   */
  readonly measureLoops?: boolean | undefined;
  /** A pino logger; the log lines of handlers go through it too. Default: silent. */
  readonly log?: Logger | undefined;
}

export interface WorkersOptions {
  /** The number of lanes that always run. Default 1. */
  readonly minThreads?: number | undefined;
  /** The largest number of lanes. Default: the number of cores, at most 4. */
  readonly maxThreads?: number | undefined;
  /**
   * Where handlers run: `'thread'` (default), each lane in a worker thread; `'process'`, each lane in a child process,
   * which is killed with SIGKILL and whose memory is bounded; or `'none'`, on the main thread, where a handler that
   * spins stops everything. docs/isolation.md says what each contains.
   */
  readonly isolation?: 'thread' | 'process' | 'none' | undefined;
  /**
   * The isolation of single commands, by name, where it is not that of the others: `'inline'` on the main thread, for
   * reads that take microseconds; `'thread'`; or `'process'`, for what may crash. Each isolation has lanes of its own,
   * within `minThreads` and `maxThreads`. The answers of a connection stay in order.
   */
  readonly commands?: Readonly<Partial<Record<HandledCommand, 'inline' | 'thread' | 'process'>>> | undefined;
  /**
   * The resident memory that a lane in a process may hold, everything included. Past it the process is killed, and the
   * clients of the commands that it had begun are told. It is looked at every 250 ms, on Linux only. Default 1 GiB.
   */
  readonly maxMemory?: number | undefined;
  /** The time that a command may run, counted from its turn. Default 30 s. */
  readonly commandTimeout?: number | undefined;
  /** A lane with work, or a service, is killed and replaced if its loop has not turned for this time. Default 5 s. */
  readonly unresponsiveAfter?: number | undefined;
  /**
   * A file descriptor, open for writing, to which threads write their log lines directly: JSON lines with the level
   * and bindings of `log`, but without its other options. In particular, they are not redacted. Default: none; lines go through
   * `log` on the main thread. If a thread has 256 KiB of lines that the main thread has not logged yet, more lines are lost and counted.
   */
  readonly logFd?: number | undefined;
  /** Node options of the workers, as in Node's Worker. Default: those of the process, without a program (`-e`, `--input-type`). */
  readonly execArgv?: string[] | undefined;
  /** Appended to `process.argv` in the worker threads, as in Node's Worker. Default: nothing. */
  readonly argv?: string[] | undefined;
  /** `process.env` of the workers: strings by name. Default: a copy of the process's environment. */
  readonly env?: Record<string, string> | undefined;
  /** As in Node's Worker; `codeRangeSizeMb` is for threads only. Default: 512 MB of old space. The stack must have at least 0.5 MB: a smaller one ends the process. */
  readonly resourceLimits?:
    | {
        maxOldGenerationSizeMb?: number;
        maxYoungGenerationSizeMb?: number;
        codeRangeSizeMb?: number;
        stackSizeMb?: number;
      }
    | undefined;
}

export interface ConnectionsOptions {
  /** The largest number of connections, at most the hard limit of open files minus 64, which are the daemon's own. Default 10,000. */
  readonly max?: number | undefined;
  /** The largest payload in either direction, inclusive. Default 10 MiB, which is also the maximum. */
  readonly maxMessageSize?: number | undefined;
  /** The time that a frame may take from its first byte to its last. Default 30 s. */
  readonly frameTimeout?: number | undefined;
  /** The largest number of unanswered commands of one connection; at this number the connection is not read. Default 128. */
  readonly maxInFlight?: number | undefined;
  /** Response bytes that may wait for one connection; past this its commands wait. Default 1 MiB. */
  readonly writeHighWaterMark?: number | undefined;
}

export interface SubscribersOptions {
  /** Event bytes that may wait for one subscriber. Half of it is the high-water mark, an eighth the low-water mark. Default 1 MiB. */
  readonly queueBytes?: number | undefined;
  /**
   * The policy for a subscriber that does not read. `'drop-oldest'` (default) and `'drop-newest'` drop the oldest or
   * the newest of its waiting events; `'disconnect'` ends its connection with an `Error` `SUBSCRIBER_TOO_SLOW`.
   * Lost events are counted, and told in their place.
   */
  readonly whenFull?: 'drop-oldest' | 'drop-newest' | 'disconnect' | undefined;
  /** The time for which a subscriber that does not read may delay the others. Default 250 ms. */
  readonly stallGrace?: number | undefined;
  /** The silence after which a subscriber is sent a `heartbeat` event. Default 20 s. */
  readonly heartbeat?: number | undefined;
  /** The time that events wait, after Subscribe, for the client's next command; 0 for no wait. Default 100 ms. */
  readonly eventHold?: number | undefined;
}
