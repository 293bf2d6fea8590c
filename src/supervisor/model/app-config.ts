// An app's configuration as it comes over the wire: the original's keys, strictly, with its defaults.
import { z } from 'zod';
import { recordOf } from '../../protocol/record.js';
import { DEFAULT_BACKOFF, DEFAULT_KILL_TIMEOUT, DEFAULT_STOP_TIMEOUT } from './app-defaults.js';
import { whyNotOwnVariables } from './variable-names.js';

const HOUR = 3600;
/** It takes some 50 ms of processor time, which a thread that checks no configuration saves. */
function makeSchema() {
  const u32 = z
    .int()
    .min(0)
    .max(2 ** 32 - 1);
  const u64 = z
    .number()
    .refine((value) => Number.isInteger(value) && value >= 0, 'must be a non-negative integer');
  const text = z.string().refine((value) => !value.includes('\0'), 'must not contain a NUL byte');

  /** `{"secs":n,"nanos":n}`, or the same two numbers as an array. */
  const anyDuration = z.union([
    z.strictObject({ secs: u64, nanos: u32 }),
    z.tuple([u64, u32]).transform(([secs, nanos]) => ({ secs, nanos })),
  ]);
  /** In the daemon: at most an hour. */
  const duration = anyDuration.refine(({ secs }) => secs <= HOUR, 'must be at most an hour');

  /** Text, or a number or boolean as its text: in JSON a port is easily written as a number. */
  const textual = z.preprocess(
    (value) => (typeof value === 'number' || typeof value === 'boolean' ? String(value) : value),
    text,
  );

  /** A key that is null counts as absent. */
  const optional = <T extends z.ZodType>(schema: T, fallback: z.output<T>) =>
    schema.nullish().transform((value): z.output<T> => value ?? fallback);

  const backoff = z.strictObject({
    base_delay_ms: u64,
    max_delay_ms: u64,
    multiplier: z.number(),
    jitter: z.number(),
    max_attempts: u32.nullish().transform((value) => value ?? null),
    exhausted_action: optional(z.enum(['stop', 'remove']), 'stop'),
  });

  const healthCheck = z.strictObject({
    check_type: z.union([
      z.strictObject({ type: z.literal('http'), url: z.string(), expected_status: u32 }),
      z.strictObject({ type: z.literal('tcp'), host: z.string(), port: u32 }),
      z.strictObject({ type: z.literal('exec'), command: z.string(), args: z.array(z.string()) }),
    ]),
    interval: duration,
    timeout: duration,
    start_period: duration,
    retries: u32,
  });

  const nullable = <T extends z.ZodType>(schema: T) =>
    schema.nullish().transform((value): z.output<T> | null => (value ?? null) as z.output<T> | null);

  return z.strictObject({
    name: z.string().max(4096),
    command: text.min(1, 'must not be empty'),
    args: optional(z.array(textual), []),
    /** Default: the daemon's own folder. */
    cwd: nullable(text),
    env: optional(recordOf(text, textual), {}),
    auto_start: optional(z.boolean(), false),
    restart_policy: optional(z.enum(['no', 'always', 'on-failure', 'unless-stopped']), 'on-failure'),
    max_memory: nullable(u64),
    max_cpu_percent: nullable(z.number()),
    uid: nullable(u32),
    gid: nullable(u32),
    stdout_log: nullable(z.string()),
    stderr_log: nullable(z.string()),
    combined_log: nullable(z.string()),
    /** Bytes; 0 for no bound. */
    log_max_size: nullable(u64),
    log_max_files: nullable(u32),
    log_format: nullable(z.enum(['stamped', 'raw'])),
    log_rotate_every: nullable(anyDuration),
    log_compress: nullable(z.boolean()),
    /** Lines a second; 0 for all. */
    log_max_lines: nullable(u32),
    health_check: nullable(healthCheck),
    stop_timeout: optional(duration, DEFAULT_STOP_TIMEOUT),
    kill_timeout: optional(duration, DEFAULT_KILL_TIMEOUT),
    backoff: optional(backoff, DEFAULT_BACKOFF),
  });
}

let made: ReturnType<typeof makeSchema> | undefined;

/** An app's configuration, complete. */
export type AppConfig = z.output<ReturnType<typeof makeSchema>>;

/**
 * Reads a configuration from its JSON text.
 *
 * @throws {Error} its message saying which key is wrong and how.
 */
export function parseAppConfig(json: string): AppConfig {
  return checkAppConfig(JSON.parse(json));
}

/** Like {@link parseAppConfig}, but for a value that is already parsed. */
export function checkAppConfig(value: unknown): AppConfig {
  const config = recordedAppConfig(value);
  const why = whyNotOwnVariables(config.env);
  if (why !== undefined) throw new Error(`env: ${why}`);
  return config;
}

/** A configuration of a record: an app that an older version has started may have variables that are refused now. */
export function recordedAppConfig(value: unknown): AppConfig {
  made ??= makeSchema();
  const result = made.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const at = issue?.path.join('.');
  throw new Error(`${at ? `${at}: ` : ''}${issue?.message ?? 'not a configuration'}`);
}
