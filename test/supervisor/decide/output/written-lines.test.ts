// Lines from the pieces of a log, as they become events.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WrittenLines } from '#dist/supervisor/decide/output/written-lines.js';
import { recordHeader } from '#dist/supervisor/logs/record.js';

const TIME = Date.UTC(2026, 10, 27);
const piece = (text: string, end: number, skipped = 0) => ({
  id: 'a',
  stream: null,
  text,
  end,
  generation: 0,
  skipped,
});

test('each line is handed on once, with its end, however the text is cut', () => {
  const text = [
    `${recordHeader(TIME, 'stdout')}one\n`,
    `${recordHeader(TIME, 'stderr')}two\r\n`,
    `${recordHeader(TIME, 'stdout')}\n`,
    `${recordHeader(TIME, 'stdout', true)}rest\n`,
    `${recordHeader(TIME, 'bunctl')}said\n`,
  ].join('');
  fc.assert(
    // The keeper cuts behind a header, never in it.
    fc.property(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 }), (counts) => {
      const lines = new WrittenLines();
      const parts = text.split(/(?<=\n|Z out |Z err )/);
      const got = [];
      let end = 0;
      for (let at = 0, turn = 0; at < parts.length; turn += 1) {
        const taken = parts.slice(at, (at += counts[turn] ?? 1)).join('');
        end += taken.length;
        const { lines: some, skipped } = lines.take(piece(taken, end));
        expect(skipped).toBe(0);
        got.push(...some);
      }
      expect(got.map(({ stream, line, continued }) => [stream, line, continued])).toEqual([
        ['stdout', 'one', false],
        ['stderr', 'two', false],
        ['stdout', '', false],
        ['stdout', 'rest', true],
        ['stderr', 'bunctl: said', false],
      ]);
      let at = 0;
      for (const each of got) expect(each.end).toBe((at = text.indexOf('\n', at) + 1));
    }),
  );
});

test('a line whose beginning was skipped is counted, and the next one is handed on', () => {
  const lines = new WrittenLines();
  lines.take(piece(`${recordHeader(TIME, 'stdout')}begun`, 34));
  const next = `the end of another\n${recordHeader(TIME, 'stdout')}whole\n`;
  const { lines: got, skipped } = lines.take(piece(next, 100, 2));
  expect(skipped).toBe(3);
  expect(got.map(({ line, end }) => [line, end])).toEqual([['whole', 100]]);
});
