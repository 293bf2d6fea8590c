// The options that describe an app, and the fields of its configuration that they set.
import { parseVariables } from '../daemon/environment.js';
import { usage } from '../terminal/exit.js';
import type { Parsed } from './arguments.js';
import { absolutePath } from './folder.js';
import { positive, whole } from './numbers.js';
import { sizeOrNone } from './sizes.js';

/** The options that change how an app runs. */
export const APP_OPTIONS = {
  cwd: { type: 'string', short: 'd' },
  env: { type: 'string', short: 'e', multiple: true },
  'auto-restart': { type: 'boolean' },
  'no-auto-restart': { type: 'boolean' },
  restart: { type: 'string' },
  'stop-timeout': { type: 'string' },
  'max-restarts': { type: 'string' },
  'max-memory': { type: 'string' },
  'max-cpu': { type: 'string' },
  uid: { type: 'string' },
  gid: { type: 'string' },
  'log-max-size': { type: 'string' },
  'log-max-files': { type: 'string' },
  'log-rotate-every': { type: 'string' },
  'log-compress': { type: 'boolean' },
  'no-log-compress': { type: 'boolean' },
  'log-format': { type: 'string' },
  'log-max-lines': { type: 'string' },
} as const;

type AllValues = Parsed<typeof APP_OPTIONS>['values'];

export type AppValues = { readonly [Option in keyof AllValues]?: AllValues[Option] | undefined };

/** The part of a help text about how the output of an app is kept. */
export const LOG_HELP = `      --log-max-size SIZE    put its log aside at this size (default 10M; 0 for never)
      --log-max-files N      keep N files that were put aside (default 10)
      --log-rotate-every TIME  put it aside also every 12h or 1d (default: never)
      --log-compress, --no-log-compress
                             compress what was put aside, or do not (default: compress)
      --log-format FORMAT    stamped (default), or raw: as it is printed, without times
      --log-max-lines N      keep N lines a second, and count the others (default 0: all)`;

const FORMATS = ['stamped', 'raw'];
const POLICIES = ['no', 'always', 'on-failure', 'unless-stopped'];

/** The options of {@link APP_OPTIONS} that were given. */
export const appOptionsGiven = (values: AppValues): string[] =>
  (Object.keys(APP_OPTIONS) as (keyof AppValues)[]).filter((option) => values[option] !== undefined);

/** The fields of an app's configuration that options set; the others are absent. */
export function fieldsOf(values: AppValues): Record<string, unknown> {
  const auto = autoRestart(values);
  const policy = values.restart ?? (auto === undefined ? undefined : auto ? 'always' : 'no');
  if (policy !== undefined && !POLICIES.includes(policy))
    throw usage(`--restart is one of no, always, on-failure and unless-stopped, not "${policy}"`);
  if (auto && policy === 'no') throw usage('--auto-restart and --restart no exclude each other');
  const number = (option: 'uid' | 'gid'): object =>
    values[option] === undefined ? {} : { [option]: whole(values[option], `--${option}`) };
  return {
    ...(values.env === undefined ? {} : { env: parseVariables(values.env) }),
    ...(auto === undefined ? {} : { auto_start: auto }),
    ...(values.cwd === undefined ? {} : { cwd: absolutePath(values.cwd) }),
    ...(policy === undefined ? {} : { restart_policy: policy }),
    ...(values['max-memory'] === undefined
      ? {}
      : { max_memory: sizeOrNone(values['max-memory'], '--max-memory', '512M') || null }),
    ...(values['stop-timeout'] === undefined ? {} : { stop_timeout: time(values['stop-timeout']) }),
    ...(values['max-restarts'] === undefined
      ? {}
      : { backoff: { max_attempts: whole(values['max-restarts'], '--max-restarts') } }),
    ...(values['max-cpu'] === undefined ? {} : { max_cpu_percent: percent(values['max-cpu']) }),
    ...number('uid'),
    ...number('gid'),
    ...logFields(values),
  };
}

/** Whether the app starts with the daemon; undefined if no option says so. */
function autoRestart(values: AppValues): boolean | undefined {
  const { 'auto-restart': on, 'no-auto-restart': off } = values;
  if (on && off) throw usage('--auto-restart and --no-auto-restart exclude each other');
  return on || off ? on === true : undefined;
}

function logFields(values: AppValues): object {
  const { 'log-max-size': size, 'log-rotate-every': every, 'log-format': format } = values;
  const { 'log-max-files': files, 'log-max-lines': lines } = values;
  if (format !== undefined && !FORMATS.includes(format))
    throw usage(`--log-format is one of stamped and raw, not "${format}"`);
  const { 'log-compress': compress, 'no-log-compress': plain } = values;
  if (compress && plain) throw usage('--log-compress and --no-log-compress exclude each other');
  return {
    ...(compress || plain ? { log_compress: compress === true } : {}),
    ...(size === undefined ? {} : { log_max_size: sizeOrNone(size, '--log-max-size') }),
    ...(files === undefined ? {} : { log_max_files: whole(files, '--log-max-files') }),
    ...(every === undefined ? {} : { log_rotate_every: period(every) }),
    ...(format === undefined ? {} : { log_format: format }),
    ...(lines === undefined ? {} : { log_max_lines: whole(lines, '--log-max-lines') }),
  };
}

function period(text: string): string {
  if (!/^\d+\s*(m|h|d)$/.test(text))
    throw usage(`--log-rotate-every needs a time such as 12h or 1d, not "${text}"`);
  return text;
}

/** The share of a core of `--max-cpu`; null for 0, which is none. */
const percent = (text: string): number | null => (text === '0' ? null : positive(text, '--max-cpu'));

/** A time as in a file: `"500ms"`, `"20s"`, `"2m"`; a bare number is seconds. */
function time(text: string): string {
  if (!/^\d+(\.\d+)?\s*(ms|s|m|h)?$/.test(text))
    throw usage(`--stop-timeout needs a time such as 20s or 2m, not "${text}"`);
  return /\d$/.test(text) ? `${text}s` : text;
}
