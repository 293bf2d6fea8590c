// The options of startDaemon: their types, defaults and ranges. A value out of range is refused with a sentence, not clamped.
import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { z } from 'zod';
import { HANDLED_COMMANDS, type HandledCommand } from './commands.js';
import { openFilesLimit } from './open-files.js';
import { IpcError } from './protocol/errors.js';
import { MAX_MESSAGE_SIZE } from './protocol/frames.js';
import { recordOf } from './protocol/record.js';
import { checkTimeout } from './timeout.js';

/** The options of {@link startDaemon}. Times are in ms, sizes in bytes. */
export interface DaemonOptions {
  /**
   * The daemon's name, by which its clients find it: it listens on `socketPathOf(name)`. 1 to 64 letters, digits,
   * dots, dashes and underscores. Either this or {@link socketPath} is required: without a name of its own, a daemon
   * would answer the clients of another daemon.
   */
  readonly name?: string | undefined;
  /**
   * The endpoint to listen on instead: a path, or on Windows a name whose last component becomes the pipe's. The socket has
   * mode 0600, and there is no option for another mode or a group: commands run as the daemon's user.
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
  /** Node options of the worker threads, as in Node's Worker. Default: those of the process. */
  readonly execArgv?: string[] | undefined;
  /** Appended to `process.argv` in the worker threads, as in Node's Worker. Default: nothing. */
  readonly argv?: string[] | undefined;
  /** `process.env` of the worker threads, as in Node's Worker. Default: a copy of the process's environment. */
  readonly env?: Record<string, string> | undefined;
  /** As in Node's Worker. Default: 512 MB of old space. The stack must have at least 0.5 MB: a smaller one ends the process. */
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
  /** The largest number of connections. Default: the hard limit of open files minus 64, at most 10,000. */
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
   * What becomes of a subscriber that does not read: it loses the oldest events that wait (`'drop-oldest'`, default), it
   * loses the newest (`'drop-newest'`), or its connection ends with an `Error` `SUBSCRIBER_TOO_SLOW` (`'disconnect'`).
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

const ms = (least: number, fallback: number) =>
  z
    .int()
    .min(least)
    .max(2 ** 31 - 1)
    .default(fallback);
const bytes = (least: number, most: number, fallback: number) =>
  z.int().min(least).max(most).default(fallback);
const GIB = 1024 ** 3;

const cores = Math.min(4, availableParallelism());

const workers = z
  .strictObject({
    minThreads: z.int().min(1).max(256).default(1),
    maxThreads: z.int().min(1).max(256).optional(),
    isolation: z.enum(['thread', 'process', 'none']).default('thread'),
    commands: z.partialRecord(z.enum(HANDLED_COMMANDS), z.enum(['inline', 'thread', 'process'])).default({}),
    maxMemory: bytes(64 * 1024 ** 2, 1024 * GIB, GIB),
    commandTimeout: ms(1, 30_000),
    unresponsiveAfter: ms(100, 5000),
    logFd: z.int().min(0).optional(),
    execArgv: z.array(z.string()).optional(),
    argv: z.array(z.string()).optional(),
    env: recordOf(z.string(), z.string()).optional(),
    resourceLimits: z
      .strictObject({
        maxOldGenerationSizeMb: z.number().positive().optional(),
        maxYoungGenerationSizeMb: z.number().positive().optional(),
        codeRangeSizeMb: z.number().positive().optional(),
        // With less, Node overflows the stack when it starts a thread, which ends the whole process.
        stackSizeMb: z.number().min(0.5).optional(),
      })
      .default({ maxOldGenerationSizeMb: 512 }),
  })
  .transform((given) => ({ ...given, maxThreads: given.maxThreads ?? Math.max(given.minThreads, cores) }))
  .refine(
    ({ minThreads, maxThreads }) => minThreads <= maxThreads,
    'minThreads must not be more than maxThreads',
  );

const connections = z.strictObject({
  max: z.int().min(1).max(1_000_000).default(defaultConnections),
  maxMessageSize: bytes(1024, MAX_MESSAGE_SIZE, MAX_MESSAGE_SIZE),
  frameTimeout: ms(10, 30_000),
  maxInFlight: z.int().min(1).max(100_000).default(128),
  writeHighWaterMark: bytes(1, GIB, 1024 * 1024),
});

const subscribers = z.strictObject({
  queueBytes: bytes(1024, GIB, 1024 * 1024),
  whenFull: z.enum(['drop-oldest', 'drop-newest', 'disconnect']).default('drop-oldest'),
  stallGrace: ms(1, 250),
  heartbeat: ms(10, 20_000),
  eventHold: ms(0, 100),
});

const fields = z.strictObject({
  name: z.string().optional(),
  socketPath: z.string().min(1).optional(),
  commands: z.custom<URL | string>(
    (value) => value instanceof URL || (typeof value === 'string' && value !== ''),
    'must be the URL or the path of a module',
  ),
  // Not a schema of its fields: a copy would lose the methods that an instance inherits.
  service: z
    .custom<URL | string | object>(
      (value) => (typeof value === 'string' && value !== '') || (typeof value === 'object' && value !== null),
      'must be a URL, a path or an object',
    )
    .optional(),
  // Not copied, like the service.
  host: z
    .custom<object>((value) => typeof value === 'object' && value !== null, 'must be an object')
    .optional(),
  workerData: z.unknown().optional(),
  startTimeout: z
    .unknown()
    .optional()
    .transform((value) => checkTimeout(value ?? 0, 'startTimeout')),
  signal: z.instanceof(AbortSignal).optional(),
  workers: workers.prefault({}),
  connections: connections.prefault({}),
  subscribers: subscribers.prefault({}),
  measureLoops: z.boolean().default(false),
  log: z
    .custom<Logger>(isLogger, 'must be a pino logger that has the methods debug, info, warn and error')
    .optional(),
});

const options = fields
  .refine(({ name, socketPath }) => name !== undefined || socketPath !== undefined, {
    path: ['name'],
    message: "give the daemon a name of its own, such as name: 'my-app', or a socketPath",
  })
  .refine(({ name, socketPath }) => name === undefined || socketPath === undefined, {
    path: ['name'],
    message: 'give either a name or a socketPath, not both',
  })
  .refine(
    ({ service, host }) => host === undefined || typeof service === 'string' || service instanceof URL,
    { path: ['host'], message: 'needs a service module to call it; give one as service, by its URL or path' },
  );

function isLogger(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const log = value as Partial<Logger>;
  const methods = [log.child, log.bindings, log.isLevelEnabled, log.debug, log.info, log.warn, log.error];
  return (
    methods.every((method) => typeof method === 'function') &&
    typeof log.level === 'string' &&
    typeof log.levels === 'object'
  );
}

/** The options with their defaults. */
export type ResolvedOptions = z.output<typeof options>;

/**
 * Fills in defaults.
 *
 * @throws {IpcError} `OPTION_INVALID`; its message names the option, its value and the allowed values.
 */
export function resolveOptions(given: DaemonOptions): ResolvedOptions {
  const result = options.safeParse(given);
  if (result.success) return result.data;
  const told = result.error.issues.map(({ path, message }) => `${path.join('.') || 'options'}: ${message}`);
  throw new IpcError(
    'OPTION_INVALID',
    `startDaemon was given an option out of its range: ${told.join('; ')}`,
  );
}

/** The hard limit of open files minus the number that the daemon itself needs, at most 10,000. */
function defaultConnections(): number {
  return Math.max(1, Math.min(10_000, (openFilesLimit() ?? Infinity) - 64));
}
