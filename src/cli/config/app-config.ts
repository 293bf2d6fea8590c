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
  readonly log_max_size: number;
  readonly log_max_files: number;
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
const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/**
 * Completes a configuration with the defaults. A time may be `{secs, nanos}`, a number of seconds, or a text such as
 * `"500ms"`, `"10s"`, `"2m"`; `max_memory` may be a number of bytes or a text such as `"512M"`. Unknown keys are kept: the
 * daemon refuses them.
 */
export function fullConfig(
  given: Readonly<Record<string, unknown>>,
  { cwd }: { readonly cwd: string },
): AppConfig {
  const { restart_policy: policy, backoff, stop_timeout: stop, kill_timeout: kill, cwd: own } = given;
  const { max_memory: most = null } = given;
  return {
    args: [],
    max_cpu_percent: null,
    uid: null,
    gid: null,
    stdout_log: null,
    stderr_log: null,
    combined_log: null,
    health_check: null,
    ...given,
    max_memory: typeof most === 'string' ? (parseSize(most) ?? most) : most,
    env: given['env'] ?? {},
    auto_start: given['auto_start'] ?? false,
    log_max_size: given['log_max_size'] ?? 10_485_760,
    log_max_files: given['log_max_files'] ?? 10,
    cwd: typeof own === 'string' ? resolve(cwd, own) : (own ?? cwd),
    restart_policy: (typeof policy === 'string' ? POLICIES[policy] : undefined) ?? policy ?? 'on-failure',
    stop_timeout: duration(stop, DEFAULT_STOP_TIMEOUT),
    kill_timeout: duration(kill, DEFAULT_KILL_TIMEOUT),
    backoff: typeof backoff === 'object' ? { ...DEFAULT_BACKOFF, ...backoff } : (backoff ?? DEFAULT_BACKOFF),
  } as unknown as AppConfig;
}

function duration(given: unknown, fallback: Duration): unknown {
  const match = typeof given === 'string' ? /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)$/.exec(given) : null;
  const seconds = match
    ? Number(match[1]) * (UNITS[match[2] as string] as number)
    : typeof given === 'number'
      ? given
      : (given ?? fallback);
  if (typeof seconds !== 'number') return seconds;
  return { secs: Math.floor(seconds), nanos: Math.round((seconds % 1) * 1e9) };
}
