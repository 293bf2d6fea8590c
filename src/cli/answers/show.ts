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
function retryText(state: string): string | undefined {
  const [, attempt, ms] = /^Backoff \{ attempt: (\d+), next_retry_ms: (\d+) \}$/.exec(state) ?? [];
  return ms === undefined ? undefined : ` in ${(Number(ms) / 1000).toFixed(1)} s (attempt ${attempt})`;
}

function memoryText({ memory_bytes: used, max_memory: most }: AppStatus): string | undefined {
  if (!used) return undefined;
  return most ? `${size(used)}; all its processes together may hold ${size(most)}` : size(used);
}

function exitText({
  last_exit_code: code,
  last_exit_signal: signal,
  last_exit_unknown: unknown,
}: AppStatus): string | undefined {
  if (unknown) return 'unknown (it ended while no daemon was running)';
  if (signal) return signal;
  return code === null || code === undefined ? undefined : String(code);
}

/** One app in a few lines. */
export function details(app: AppStatus): string {
  const lines: [string, string | undefined][] = [
    ['state', stateWord(app) + (retryText(app.state) ?? '')],
    ['error', app.last_error ? harmless(app.last_error) : undefined],
    ['pid', app.pid === null ? undefined : String(app.pid)],
    ['uptime', app.uptime_seconds === null ? undefined : duration(app.uptime_seconds)],
    ['memory', memoryText(app)],
    ['cpu', typeof app.cpu_percent === 'number' ? `${app.cpu_percent} %` : undefined],
    ['restarts', String(app.restarts ?? 0)],
    ['last exit', exitText(app)],
    ['policy', app.restart_policy],
    ['command', harmless([app.command ?? '', ...(app.args ?? [])].join(' '))],
    ['folder', app.cwd],
    ...Object.entries(app.env ?? {})
      .filter(([, value]) => value !== '***')
      .map(([key, value]): [string, string] => [key, harmless(value)]),
  ];
  return [
    style('bold', harmless(app.name)),
    ...lines.filter(([, value]) => value !== undefined).map(([key, value]) => `  ${key.padEnd(10)} ${value}`),
  ].join('\n');
}
