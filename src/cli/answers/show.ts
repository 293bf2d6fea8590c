// Shows an app to people: its state as a word with a colour, sizes and times with their units.
import { harmless, style } from '../terminal/style.js';
import type { AppStatus } from './wire.js';

export function stateWord({ state, backoff_exhausted: exhausted }: AppStatus): string {
  if (state === 'Running') return style('green', 'running');
  if (state.startsWith('Backoff')) return style('yellow', 'restarting');
  if (state === 'Stopped') return exhausted ? style('red', 'given up') : style('gray', 'stopped');
  if (state === 'Starting' || state === 'Stopping') return style('yellow', state.toLowerCase());
  return style('red', harmless(state.toLowerCase()));
}

export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '-';
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days}d ${hours}h`;
  if (hours > 0) return `${hours}h ${minutes}m`;
  if (minutes > 0) return `${minutes}m ${seconds % 60}s`;
  return `${seconds}s`;
}

export function size(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return '-';
  const KB = 1024;
  if (bytes < KB ** 2) return `${(bytes / KB).toFixed(0)} KB`;
  return bytes < KB ** 3 ? `${(bytes / KB ** 2).toFixed(1)} MB` : `${(bytes / KB ** 3).toFixed(1)} GB`;
}

/** When the app is tried again, from the text of its state; undefined for another state, or the original's text. */
function retryText({ state, escaped }: AppStatus): string | undefined {
  const [, attempt, ms] = /^Backoff \{ attempt: (\d+), next_retry_ms: (\d+) \}$/.exec(state) ?? [];
  if (ms === undefined) return undefined;
  if (ms !== '0') return ` in ${(Number(ms) / 1000).toFixed(1)} s (attempt ${attempt})`;
  // Its time has come. After two crashes in a row, what the last runs left behind is ended before that.
  return Number(attempt) > 1 && escaped?.length
    ? ` (attempt ${attempt}) when what is left over has ended`
    : ` now (attempt ${attempt})`;
}

function memoryText({ memory_bytes: used, max_memory: most }: AppStatus): string | undefined {
  if (!used) return undefined;
  return most ? `${size(used)}; all its processes together may hold ${size(most)}` : size(used);
}

/** Processes that an app started and that have left its process group, in words. */
export function leftOver(pids: readonly number[]): string {
  const [processes, them] = pids.length === 1 ? ['process', 'it'] : ['processes', 'them'];
  return `${processes} ${pids.join(', ')} left its group (stop --kill-escaped ends ${them})`;
}

/** Why the last run ended, in words. */
const REASONS: Readonly<Record<string, string>> = {
  crash: 'it crashed',
  stop: 'it was stopped',
  max_memory: 'it held more memory than it may',
  unknown: 'the daemon that had started it was gone',
  elsewhere: 'it ran on another machine or in another container, where it may still run',
};

/** How the app last ended, in words; undefined before its first end. */
export function exitText(app: AppStatus): string | undefined {
  const { last_exit_code: code, last_exit_signal: signal, last_exit_unknown: unknown } = app;
  const reason = REASONS[app.last_exit_reason ?? (unknown ? 'unknown' : '')];
  const end = unknown ? 'unknown' : (signal ?? (typeof code === 'number' ? String(code) : undefined));
  return end !== undefined && reason !== undefined ? `${end} (${reason})` : end;
}

/** The values that are shown, and the names of the other variables. */
function environmentText({ env = {}, env_names: own, environment_names: callers }: AppStatus) {
  const shown = Object.entries(env).filter(([, value]) => value !== '***');
  const hidden = own?.filter((name) => !shown.some(([key]) => key === name)) ?? [];
  return [
    ...shown.map(([key, value]): Line => [harmless(key), harmless(value)]),
    ['variables', hidden.length > 0 ? `${hidden.map(harmless).join(', ')} (values not shown)` : undefined],
    ['inherited', callers?.length ? callers.map(harmless).join(', ') : undefined],
  ] satisfies Line[];
}

/** The policies as the options and the files have them; the wire has the original's words. */
const policyWord = (policy: string | undefined): string | undefined =>
  shownText(policy)
    ?.replace(/(?<=.)(?=[A-Z])/g, '-')
    .toLowerCase();

const shownText = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : harmless(text);

type Line = readonly [label: string, text: string | undefined];

/**
 * One app in a few lines.
 *
 * @param difference How the app differs from the file that it came from; undefined if it does not.
 */
export function details(app: AppStatus, difference?: string): string {
  const { escaped, source, log_files: logs } = app;
  const lines: Line[] = [
    ['state', stateWord(app) + (retryText(app) ?? '')],
    ['error', app.last_error ? harmless(app.last_error) : undefined],
    ['pid', app.pid === null ? undefined : String(app.pid)],
    ['uptime', app.uptime_seconds === null ? undefined : duration(app.uptime_seconds)],
    ['memory', memoryText(app)],
    ['cpu', typeof app.cpu_percent === 'number' ? `${app.cpu_percent} %` : undefined],
    ['restarts', String(app.restarts ?? 0)],
    ['last exit', exitText(app)],
    ['left over', escaped?.length ? leftOver(escaped) : undefined],
    ['policy', policyWord(app.restart_policy)],
    ['command', harmless([app.command ?? '', ...(app.args ?? [])].join(' '))],
    ['folder', shownText(app.cwd)],
    ['file', source ? harmless(source) : undefined],
    ['differs', shownText(difference)],
    ['stdout', shownText(logs?.stdout)],
    ['stderr', shownText(logs?.stderr)],
    ...environmentText(app),
  ];
  return [
    style('bold', harmless(app.name)),
    ...lines.filter(([, text]) => text !== undefined).map(([label, text]) => `  ${label.padEnd(10)} ${text}`),
  ].join('\n');
}
