// The name of a command, read without a parser.
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { commandNameOf } from '#dist/protocol/command-name.js';

const nameOf = (text: string): string | undefined => commandNameOf(Buffer.from(text));

describe('the name of a command', () => {
  test.each([
    ['"List"', 'List'],
    ['{"Start":{"name":"a"}}', 'Start'],
    [' \t\r\n{ \n"Start" : 1}', 'Start'],
    ['{"Start"', 'Start'],
  ])('is read from %j', (text, name) => {
    expect(nameOf(text)).toBe(name);
  });

  test.each([
    '',
    ' ',
    '{',
    '{}',
    '"',
    '"List',
    '{"St\\u0061rt":1}',
    '5',
    '[{"Start":1}]',
    '{"Stärt":1}',
    '{x',
  ])('is not read from %j', (text) => {
    expect(nameOf(text)).toBeUndefined();
  });

  test('is looked for in the first 64 bytes only', () => {
    expect(nameOf(`${' '.repeat(55)}"Lists"`)).toBe('Lists');
    expect(nameOf(`${' '.repeat(80)}"List"`)).toBeUndefined();
    expect(nameOf(`"${'a'.repeat(80)}"`)).toBeUndefined();
  });

  test('is, where it is read, what a parser finds', () => {
    const blanks = fc.stringMatching(/^[ \t\n\r]{0,3}$/);
    fc.assert(
      fc.property(blanks, blanks, fc.stringMatching(/^[A-Za-z]{0,9}$/), fc.json(), (a, b, name, value) => {
        expect(nameOf(`${a}{${b}"${name}":${value}}`)).toBe(name);
        expect(nameOf(`${a}"${name}"${b}`)).toBe(name);
      }),
    );
    fc.assert(
      fc.property(fc.json(), (text) => {
        const name = nameOf(text);
        if (name === undefined) return;
        const parsed: unknown = JSON.parse(text);
        expect(typeof parsed === 'string' ? [parsed] : Object.keys(parsed as object)).toContain(name);
      }),
    );
  });
});
