// Rows that are joined to lines, from either end of a log.
import { describe, expect, test } from 'vitest';
import { BackwardJoiner, Joiner } from '#dist/supervisor/logs/joiner.js';
import type { LogLine } from '#dist/supervisor/logs/log-line.js';
import type { Source } from '#dist/supervisor/logs/record.js';
import type { Row } from '#dist/supervisor/logs/rows.js';

const row = (source: Source, text: string, continued: boolean, end = 0): Row => ({
  time: 1,
  at: 1,
  source,
  continued,
  text: Buffer.from(text),
  ended: true,
  end,
});

describe('rows that come from the end of the log', () => {
  test('are joined in their order, and the line stands where it ends', () => {
    const joiner = new BackwardJoiner();
    const rows = [
      row('stdout', 'a', false, 1),
      row('stderr', 'E', false, 2),
      row('stdout', 'b', true, 3),
      row('stdout', 'c', true, 4),
    ];
    // In two parts, as blocks of a file come.
    const lines = [...joiner.add(rows.slice(2), 7), ...joiner.add(rows.slice(0, 2), 5)];
    expect(lines.map(({ text, end, generation }) => [text, end, generation])).toEqual([
      ['E', 2, 5],
      ['abc', 4, 7],
    ]);
    expect(joiner.flush()).toEqual([]);
  });

  test('make one line however many they are: the work for a row does not grow with the line', () => {
    const PAIRS = 200_000;
    const BATCH = 1000;
    // A copy of the line for each row takes more than a minute for 30,000 pairs.
    const GIVEN_UP_AFTER = 60_000;
    const begun = performance.now();
    const joiner = new BackwardJoiner();
    const batch = Array.from({ length: BATCH }, () => [
      row('stdout', '.', true),
      row('stderr', 'E', false),
    ]).flat();
    let others = 0;
    for (let done = 0; done < PAIRS; done += BATCH) {
      others += joiner.add(batch, 0).length;
      expect(performance.now() - begun, `after ${done} of ${PAIRS} rows`).toBeLessThan(GIVEN_UP_AFTER);
    }
    const [line, ...more] = joiner.add([row('stdout', 'x', false)], 0) as [LogLine, ...LogLine[]];
    expect([others, more, line.text.length, line.text.slice(0, 3)]).toEqual([PAIRS, [], PAIRS + 1, 'x..']);
  });
});

test('rows that come from the beginning of the log are joined with work that does not grow with the line', () => {
  const ROUNDS = 200;
  const GIVEN_UP_AFTER = 60_000;
  const begun = performance.now();
  const joiner = new Joiner(true);
  const batch = Array.from({ length: 5000 }, () => [
    row('stdout', '.', true),
    row('stderr', 'E', false),
  ]).flat();
  let printed = 0;
  const count = (lines: readonly LogLine[]): void => {
    for (const { text } of lines) printed += text.length;
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    count(joiner.add(batch, 0));
    expect(performance.now() - begun, `after ${round} of ${ROUNDS} rounds`).toBeLessThan(GIVEN_UP_AFTER);
  }
  count(joiner.flush());
  expect(printed).toBe(ROUNDS * batch.length);
});
