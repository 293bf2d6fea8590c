// Checks the keys of an app in a `bunctl.json`, each for what it must be: the daemon would refuse it in words of its own.
import { nearest } from '../../nearest.js';
import { DEFAULT_BACKOFF } from '../../supervisor/model/app-defaults.js';
import { parseSize } from '../input/sizes.js';
import { secondsOf } from './app-config.js';
import { ConfigFileError, type Fields, isObject } from './config-fields.js';

/** Whether a value is right, and what it must be, in words. */
type Rule = readonly [check: (value: unknown) => boolean, expected: string];

const HOUR = 3600;
const LARGEST = 2 ** 32 - 1;
const HEALTH_CHECK = ['check_type', 'interval', 'timeout', 'start_period', 'retries'];

const isText = (value: unknown): boolean => typeof value === 'string';
const isFlag = (value: unknown): boolean => typeof value === 'boolean';
const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);
const isWhole = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isCount = (value: unknown): boolean => isWhole(value) && (value as number) <= LARGEST;
const isSize = (value: unknown): boolean =>
  isWhole(value) || (typeof value === 'string' && parseSize(value) !== undefined);
const isWord = (value: unknown): boolean => isText(value) || isNumber(value) || isFlag(value);
const oneOf =
  (...words: readonly string[]) =>
  (value: unknown): boolean =>
    words.includes(value as string);

function isTime(value: unknown, most = Infinity): boolean {
  const seconds = secondsOf(value);
  return seconds !== undefined && seconds >= 0 && seconds <= most;
}

const TEXT: Rule = [isText, 'text'];
const FLAG: Rule = [isFlag, 'true or false'];
const COUNT: Rule = [isCount, 'a whole number'];
const NUMBER: Rule = [isNumber, 'a number'];
const SHORT_TIME: Rule = [
  (value) => isTime(value, HOUR),
  'a time of at most an hour, such as "500ms", "15s", "2m" or a number of seconds',
];

const RULES: Readonly<Record<string, Rule>> = {
  args: [
    (value) => Array.isArray(value) && value.every(isWord),
    'a list of words, such as ["--port", "3000"]',
  ],
  cwd: TEXT,
  auto_start: FLAG,
  restart_policy: [
    oneOf('no', 'always', 'on-failure', 'unless-stopped', 'No', 'Always', 'OnFailure', 'UnlessStopped'),
    'one of "no", "always", "on-failure" and "unless-stopped"',
  ],
  max_memory: [isSize, 'a whole number of bytes, or with k, m or g, such as "512M"'],
  max_cpu_percent: NUMBER,
  uid: COUNT,
  gid: COUNT,
  stdout_log: TEXT,
  stderr_log: TEXT,
  combined_log: TEXT,
  log_max_size: [
    (value) => value === '0' || isSize(value),
    'a whole number of bytes, or with k, m or g, such as "50M", or 0',
  ],
  log_max_files: COUNT,
  log_format: [oneOf('stamped', 'raw'), '"stamped" or "raw"'],
  log_rotate_every: [isTime, 'a time, such as "12h" or "1d"'],
  log_compress: FLAG,
  log_max_lines: COUNT,
  stop_timeout: SHORT_TIME,
  kill_timeout: SHORT_TIME,
  backoff: [isObject, 'an object, such as {"max_attempts":10}'],
  health_check: [
    (value) =>
      isObject(value) &&
      HEALTH_CHECK.every((key) => key in value) &&
      Object.keys(value).length === HEALTH_CHECK.length,
    `an object with ${HEALTH_CHECK.join(', ')}, or left out, since it has no effect`,
  ],
};

const BACKOFF: Readonly<Record<keyof typeof DEFAULT_BACKOFF, Rule>> = {
  base_delay_ms: [isWhole, 'a whole number of milliseconds'],
  max_delay_ms: [isWhole, 'a whole number of milliseconds'],
  multiplier: NUMBER,
  jitter: NUMBER,
  max_attempts: [(value) => value === null || isCount(value), 'a whole number'],
  exhausted_action: [(value) => value === null || oneOf('stop', 'remove')(value), '"stop" or "remove"'],
};

/**
 * Checks an app as the file has it. Null means that a key is not given.
 *
 * @throws {ConfigFileError} that names the file, the app and the key.
 */
export function checkFields(path: string, name: string, app: Fields): void {
  const check = (key: string, [isRight, expected]: Rule, value: unknown): void => {
    if (isRight(value)) return;
    // What is in a list or an object may be secret.
    const found = Array.isArray(value) ? 'a list' : isObject(value) ? 'an object' : JSON.stringify(value);
    const without = found === 'an object' && expected.startsWith('an object') ? '' : `, not ${found}`;
    throw new ConfigFileError(`${path}: ${key} of app ${name} must be ${expected}${without}`);
  };
  for (const [key, rule] of Object.entries(RULES))
    if (app[key] !== undefined && app[key] !== null) check(key, rule, app[key]);
  for (const [key, value] of Object.entries((app['backoff'] ?? {}) as Fields)) {
    if (!Object.hasOwn(BACKOFF, key)) throw unknownKey(path, name, `backoff.${key}`, BACKOFF);
    check(`backoff.${key}`, BACKOFF[key as keyof typeof BACKOFF], value);
  }
}

/** The refusal of a key, with the one that was probably meant. */
export function unknownKey(path: string, name: string, key: string, known: object): ConfigFileError {
  const meant = nearest(key.replace(/^.*\./, ''), Object.keys(known));
  return new ConfigFileError(
    `${path}: app ${name} has an unknown key "${key}"${meant === undefined ? '' : `; did you mean "${meant}"?`}`,
  );
}
