// What apps print is shown with its colours where colours are shown, and can do nothing else to a terminal.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { harmless, style } from '#dist/cli/terminal/style.js';

const shown = (colours: boolean) => vi.stubEnv('FORCE_COLOR', colours ? '1' : '0');

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a line that an app printed', () => {
  test('keeps its colours where colours are shown, ends them, and loses them elsewhere', () => {
    vi.stubEnv('NO_COLOR', '');
    shown(true);
    expect(harmless('\x1b[1;31mred\x1b[0m plain')).toBe('\x1b[1;31mred\x1b[0m plain\x1b[0m');
    expect(harmless('\x1b[38;5;200mpink')).toBe('\x1b[38;5;200mpink\x1b[0m');
    shown(false);
    expect(harmless('\x1b[1;31mred\x1b[0m plain')).toBe('red plain');
    shown(true);
    vi.stubEnv('NO_COLOR', '1');
    expect(harmless('\x1b[31mred\x1b[0m')).toBe('red');
    expect(style('red', 'red')).toBe('red');
  });

  test.each([true, false])('never moves the cursor or sets a title, with colours shown: %s', (colours) => {
    vi.stubEnv('NO_COLOR', '');
    shown(colours);
    for (const sequence of [
      '\x1b]0;owned\x07',
      '\x1b]2;owned\x1b\\',
      '\x1b[2J',
      '\x1b[H',
      '\x1b[10;10H',
      '\x1b[?1049h',
      '\x1b[?25l',
      '\x1bc',
      '\x9b2J',
      '\x1b[31;2H',
      '\x1b]0;a\x1b[31mb\x07',
    ]) {
      // oxlint-disable-next-line no-control-regex -- control characters are what is searched for
      const left = harmless(`before${sequence}after`).replace(/\x1b\[[\d;]*m/g, '');
      expect(left).toMatch(/^before.*after$/);
      // oxlint-disable-next-line no-control-regex -- control characters are what is searched for
      expect(left).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/);
    }
  });

  test('that rewrites itself with carriage returns is shown as it was last', () => {
    shown(false);
    expect(harmless('10 %\r 50 %\r100 %')).toBe('100 %');
    expect(harmless('a line of Windows\r')).toBe('a line of Windows');
  });

  test('keeps its tabs', () => {
    expect(harmless('a\tb')).toBe('a\tb');
  });
});

test('FORCE_COLOR=0 and false show no colours, any other value does, and NO_COLOR wins', () => {
  vi.stubEnv('NO_COLOR', '');
  for (const [value, colours] of [
    ['0', false],
    ['false', false],
    ['1', true],
    ['3', true],
  ] as const) {
    vi.stubEnv('FORCE_COLOR', value);
    expect(style('red', 'x') !== 'x').toBe(colours);
  }
  vi.stubEnv('NO_COLOR', '1');
  expect(style('red', 'x')).toBe('x');
});
