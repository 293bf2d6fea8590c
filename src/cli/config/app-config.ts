// Completes an app's configuration for the wire. The daemon checks it, not this file.
import { resolve } from 'node:path';
import {
  DEFAULT_BACKOFF,
  DEFAULT_KILL_TIMEOUT,
  DEFAULT_STOP_TIMEOUT,
} from '../../supervisor/model/app-defaults.js';
import type { Duration } from '../../supervisor/model/durations.js';
import { parseSize } from '../input/sizes.js';

/** All keys of the original; a key that is not given is null or has its default. */
export interface AppConfig {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly auto_start: boolean;
  readonly restart_policy: 'no' | 'always' | 'on-failure' | 'unless-stopped';
  readonly max_memory: number | null;
  readonly max_cpu_percent: number | null;
  readonly uid: number | null;
  readonly gid: number | null;
  readonly stdout_log: string | null;
  readonly stderr_log: string | null;
  readonly combined_log: string | null;
  readonly log_max_size: number | null;
  readonly log_max_files: number | null;
  readonly log_format: 'stamped' | 'raw' | null;
  readonly log_rotate_every: Duration | null;
  readonly log_compress: boolean | null;
  readonly log_max_lines: number | null;
  readonly health_check: unknown;
  readonly stop_timeout: Duration;
  readonly kill_timeout: Duration;
  readonly backoff: typeof DEFAULT_BACKOFF;
}

/** How the original's own samples spell the policies. */
const POLICIES: Readonly<Record<string, AppConfig['restart_policy']>> = {
  No: 'no',
  Always: 'always',
  OnFailure: 'on-failure',
  UnlessStopped: 'unless-stopped',
};

/** Units of time in seconds. */
const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * Completes a configuration with the defaults. A time may be `{secs, nanos}`, a number of seconds, or a text such as
 * `"500ms"`, `"10s"`, `"2m"`; a size a number of bytes or a text such as `"512M"`. Unknown keys are kept: the
 * daemon refuses them.
 */
export function fullConfig(
  given: Readonly<Record<string, unknown>>,
  { cwd }: { readonly cwd: string },
): AppConfig {
  const { restart_policy: policy, backoff, stop_timeout: stop, kill_timeout: kill, cwd: own } = given;
  const { log_rotate_every: every = null } = given;
  return {
    args: [],
    max_cpu_percent: null,
    uid: null,
    gid: null,
    stdout_log: null,
    stderr_log: null,
    combined_log: null,
    health_check: null,
    log_max_files: null,
    log_format: null,
    log_compress: null,
    log_max_lines: null,
    ...given,
    max_memory: size(given['max_memory']),
    log_max_size: given['log_max_size'] === '0' ? 0 : size(given['log_max_size']),
    log_rotate_every: every === null ? null : duration(every, DEFAULT_STOP_TIMEOUT),
    env: given['env'] ?? {},
    auto_start: given['auto_start'] ?? false,
    cwd: typeof own === 'string' ? resolve(cwd, own) : (own ?? cwd),
    restart_policy: (typeof policy === 'string' ? POLICIES[policy] : undefined) ?? policy ?? 'on-failure',
    stop_timeout: duration(stop, DEFAULT_STOP_TIMEOUT),
    kill_timeout: duration(kill, DEFAULT_KILL_TIMEOUT),
    backoff: typeof backoff === 'object' ? { ...DEFAULT_BACKOFF, ...backoff } : (backoff ?? DEFAULT_BACKOFF),
  } as unknown as AppConfig;
}

function size(given: unknown): unknown {
  return typeof given === 'string' ? (parseSize(given) ?? given) : (given ?? null);
}

function duration(given: unknown, fallback: Duration): unknown {
  const seconds = typeof given === 'string' ? (secondsOf(given) ?? given) : (given ?? fallback);
  if (typeof seconds !== 'number') return seconds;
  return { secs: Math.floor(seconds), nanos: Math.round((seconds % 1) * 1e9) };
}

/** A time of a configuration in seconds; undefined if it is not one. */
export function secondsOf(given: unknown): number | undefined {
  if (typeof given === 'number') return Number.isFinite(given) ? given : undefined;
  if (typeof given === 'string') {
    const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(given) ?? [];
    return number === undefined ? undefined : Number(number) * (UNITS[unit as string] as number);
  }
  const { secs, nanos } = (Array.isArray(given) ? { secs: given[0], nanos: given[1] } : (given ?? {})) as {
    secs?: unknown;
    nanos?: unknown;
  };
  return Number.isInteger(secs) && Number.isInteger(nanos) ? (secs as number) : undefined;
}
