// Times as they are typed.
import { describe, expect, test } from 'vitest';
import { localTime, moment } from '#dist/cli/input/times.js';

/** Noon, local time. */
const NOON = new Date(2026, 10, 27, 12, 0, 0).getTime();
const at = (...parts: [number, number, number, number?, number?, number?, number?]): number =>
  new Date(...(parts as unknown as [number, number])).getTime();

describe('a time', () => {
  test.each<[string, number]>([
    ['10m', NOON - 600_000],
    ['1h30m', NOON - 5_400_000],
    ['1.5h', NOON - 5_400_000],
    ['500ms', NOON - 500],
    ['2d', NOON - 172_800_000],
    ['11:59', at(2026, 10, 27, 11, 59)],
    ['12:01', at(2026, 10, 26, 12, 1)],
    ['9:05:07.25', at(2026, 10, 27, 9, 5, 7, 250)],
    ['2026-11-26', at(2026, 10, 26)],
    ['2026-11-26T23:50', at(2026, 10, 26, 23, 50)],
    ['2026-11-26 23:50:01', at(2026, 10, 26, 23, 50, 1)],
    ['2026-11-26T23:50:01.250Z', Date.UTC(2026, 10, 26, 23, 50, 1, 250)],
    ['2026-11-26T23:50+0200', Date.UTC(2026, 10, 26, 21, 50)],
    ['2024-02-29', at(2024, 1, 29)],
    ['2026-11-26T24:00', at(2026, 10, 27)],
  ])('is understood: %s', (text, time) => {
    expect(moment(text, '--since', NOON)).toBe(time);
  });

  test.each([['soon'], ['10'], ['10x'], ['-5m'], ['24:00'], ['12:60'], ['2026-02-30T25:00'], ['']])(
    'is refused if it is not one: %j',
    (text) => {
      expect(() => moment(text, '--since', NOON)).toThrow('--since needs a time');
    },
  );

  test.each([
    ['2026-02-31'],
    ['2026-02-31T12:00'],
    ['2025-02-29'],
    ['1900-02-29'],
    ['2026-04-31T12:00Z'],
    ['2026-04-31 12:00+0200'],
    ['2026-00-10'],
    ['2026-13-01'],
    ['2026-01-00'],
    ['2026-01-32'],
    ['2026-11-27T24:00:01'],
    ['2026-11-27T24:00:00.5Z'],
    ['2026-11-27T12:60'],
    ['2026-11-27T12:00:60'],
    ['2026-11-27T12:00+24:00'],
  ])('is refused if no calendar or clock shows it: %s', (text) => {
    expect(() => moment(text, '--until', NOON)).toThrow(`"${text}" is not one`);
  });

  test('is shown as local time with milliseconds', () => {
    expect(localTime(at(2026, 0, 2, 3, 4, 5, 6))).toBe('2026-01-02 03:04:05.006');
  });
});
