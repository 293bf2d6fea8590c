// Checks the options of startDaemon and fills in defaults. A value out of range is refused with a sentence, not clamped.
import { fstatSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { z } from 'zod';
import { HANDLED_COMMANDS } from './commands.js';
import type { DaemonOptions } from './daemon-options.js';
import { openFilesLimit } from './open-files.js';
import { IpcError } from './protocol/errors.js';
import { MAX_MESSAGE_SIZE } from './protocol/frames.js';
import { recordOf } from './protocol/record.js';
import { checkTimeout } from './timeout.js';

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
    logFd: z.int().min(0).refine(isOpen, 'must be an open file descriptor').optional(),
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

const connections = z
  .strictObject({
    max: z.int().min(1).max(1_000_000).default(10_000),
    maxMessageSize: bytes(1024, MAX_MESSAGE_SIZE, MAX_MESSAGE_SIZE),
    frameTimeout: ms(10, 30_000),
    maxInFlight: z.int().min(1).max(100_000).default(128),
    writeHighWaterMark: bytes(1, GIB, 1024 * 1024),
  })
  .transform((given) => ({ ...given, max: Math.min(given.max, filesForConnections()) }));

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
  )
  .refine((given) => !isCopied(given) || isCloneable(given.workerData), {
    path: ['workerData'],
    message: 'must be a value that structuredClone() can copy: no function, no symbol, no promise',
  });

function isOpen(fd: number): boolean {
  return succeeds(() => fstatSync(fd));
}

/** Whether a module gets its `workerData` in another thread or process. */
const isCopied = ({ service, workers: { isolation, commands } }: z.output<typeof fields>): boolean =>
  typeof service === 'string' ||
  service instanceof URL ||
  isolation !== 'none' ||
  Object.values(commands).some((mark) => mark !== 'inline');

const isCloneable = (value: unknown): boolean => succeeds(() => structuredClone(value));

function succeeds(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}

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

/** The number of files that connections may take; the daemon itself, its handlers and its log need the others. */
function filesForConnections(): number {
  return Math.max(1, (openFilesLimit() ?? Infinity) - 64);
}
