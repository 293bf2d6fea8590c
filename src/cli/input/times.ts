// Moments and durations as they are typed: --since 10m, --until 2026-11-27T02:10, --since 23:50.
import { usage } from '../terminal/exit.js';

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/**
 * A moment in ms since the epoch: a duration before now, an ISO time (local without a zone), or the last time at which
 * a clock showed HH:MM.
 *
 * @throws {CliError} exit code 2.
 */
export function moment(text: string, option: string, now = Date.now()): number {
  const time = ago(text, now) ?? clockTime(text, now) ?? isoTime(text);
  if (time !== undefined && Math.abs(time) <= 8.64e15) return time;
  throw usage(
    `${option} needs a time: how long ago it was (30s, 10m, 2h, 1d), a time of day (14:30), or a date and time (2026-11-27T14:30); "${text}" is not one`,
  );
}

function ago(text: string, now: number): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|[smhdw]))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)];
  return now - parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0);
}

function clockTime(text: string, now: number): number | undefined {
  const [, hours, minutes, seconds = '0'] = /^(\d{1,2}):(\d\d)(?::(\d\d(?:\.\d{1,3})?))?$/.exec(text) ?? [];
  if (hours === undefined || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) >= 60)
    return undefined;
  const date = new Date(now);
  date.setHours(Number(hours), Number(minutes), 0, Number(seconds) * 1000);
  if (date.getTime() > now) date.setDate(date.getDate() - 1);
  return date.getTime();
}

function isoTime(text: string): number | undefined {
  const [, day, time = 'T00:00'] =
    /^(\d{4}-\d\d-\d\d)([T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/i.exec(text) ?? [];
  if (day === undefined) return undefined;
  const iso = `${day}${time
    .replace(' ', 'T')
    .replace(',', '.')
    .replace(/([+-]\d\d)(\d\d)$/, '$1:$2')}`;
  const value = Date.parse(iso.toUpperCase());
  return Number.isNaN(value) || !isDay(day) ? undefined : value;
}

/** Whether a month has this day: `Date.parse` takes February 31 for March 3. */
function isDay(day: string): boolean {
  const time = Date.parse(`${day}T00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
}

/** A moment as a person reads it: local time, with milliseconds. */
export function localTime(time: number): string {
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
