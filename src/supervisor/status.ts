// An app's status as it goes over the wire: the original's fields and words, secrets masked.
import type { AppConfig } from './model/app-config.js';
import type { AppSnapshot } from './model/messages.js';
import type { stateFiles } from './state/paths.js';

const POLICY: Readonly<Record<AppConfig['restart_policy'], string>> = {
  no: 'No',
  always: 'Always',
  'on-failure': 'OnFailure',
  'unless-stopped': 'UnlessStopped',
};

/**
 * The wire's AppStatus, and our own fields after it.
 *
 * @param now Milliseconds since the epoch.
 */
export function appStatus(app: AppSnapshot, files: ReturnType<typeof stateFiles>, now: number) {
  const { id, config, state, usage } = app;
  return {
    name: id,
    state: stateText(app),
    pid: state.pid,
    restarts: state.restarts,
    auto_start: config.auto_start,
    command: config.command,
    args: config.args,
    cwd: config.cwd ?? process.cwd(),
    restart_policy: POLICY[config.restart_policy],
    last_exit_code: state.lastExit?.code ?? null,
    last_exit_signal: state.lastExit?.signal ?? null,
    /** It was adopted, and how it ended could not be seen. */
    last_exit_unknown: state.lastExit?.unknown ?? false,
    /** `exit`, `crash`, `stop`, `max_memory`, `unknown` or `elsewhere`; null before the first end. See `ExitReason`. */
    last_exit_reason: state.lastExitReason,
    /** Why the last spawn failed; null after one that succeeded. */
    last_error: state.lastError ?? null,
    uptime_seconds: uptimeSeconds(app, now),
    max_memory: config.max_memory,
    max_cpu_percent: config.max_cpu_percent,
    max_restart_attempts: config.backoff.max_attempts,
    backoff_exhausted: state.exhausted,
    env: maskedEnv(config.env),
    /** The names of all variables of its own. */
    env_names: Object.keys(config.env).sort(),
    /** The names of the variables of the environment that it was started with; null for the daemon's environment. */
    environment_names: app.environmentNames,
    /** The state that its owner wants: `running` or `stopped`. */
    wanted: state.wanted,
    /** Milliseconds since the epoch; null when it does not run. */
    started_at: state.pid === null ? null : state.startedAt,
    /** The file that declares it; null when it was described on the command line. */
    source: app.source,
    /** The mode that was chosen in that file (`--env MODE`); null for none. */
    source_mode: app.mode,
    log_files: logFiles(app, files),
    /** Processes of its runs that have left its process group. */
    escaped: app.escaped,
    /** The memory of all its processes; memory that they share counts once. */
    memory_bytes: usage?.memoryBytes ?? null,
    /** The use of all its processes over the last seconds, in percent of one core. */
    cpu_percent: usage?.cpuPercent ?? null,
    processes: usage?.processes ?? null,
  };
}

/** One file for both streams, unless each has one of its own. */
function logFiles({ id, config, intoFiles }: AppSnapshot, files: ReturnType<typeof stateFiles>) {
  return files.streamLogs(id, config.log_format === 'raw' || intoFiles);
}

/** By the start of the process, which no setting of the clock changes; without it, by the clock. */
function uptimeSeconds({ state, usage }: AppSnapshot, now: number): number | null {
  if (state.startedAt === null || state.pid === null) return null;
  return Math.floor(Math.max(0, usage?.ageMs ?? now - state.startedAt) / 1000);
}

function stateText({ state: { status, attempt }, retryIn }: AppSnapshot): string {
  if (status !== 'Backoff') return status;
  return `Backoff { attempt: ${attempt}, next_retry_ms: ${Math.round(retryIn ?? 0)} }`;
}

/** The variables worth showing. Only of PORT* and NODE_ENV the values are shown. */
function maskedEnv(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env)
      .filter(([key]) => /^(PORT|NODE_ENV|DATABASE|REDIS)|URL|HOST/.test(key))
      .map(([key, value]) => [key, key.startsWith('PORT') || key === 'NODE_ENV' ? value : '***']),
  );
}
