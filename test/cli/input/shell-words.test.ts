// Words are read and written as a shell does.
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, describe, test as plain } from 'vitest';
import { quoteWords, splitWords } from '#dist/cli/input/shell-words.js';
import { hasShell } from '../../support/platform.js';
import { property } from '../../support/property.js';

describe('words', () => {
  property([fc.array(fc.string({ unit: 'grapheme' }).filter((word) => !word.includes('\0')))])(
    'that were quoted are read back as they were',
    (words) => {
      expect(splitWords(quoteWords(words, false))).toEqual(words);
    },
  );

  plain
    .skipIf(!hasShell)
    .each([
      '--t "two words"',
      'a\\ b c',
      `'single "quotes"' "it's"`,
      'a"b c"d',
      '"a \\" b" \'\' ""',
      '  --port   80\t-v  ',
      '"a\\\\b" "c\\d"',
      `--json '{"a": 1}'`,
    ])('are what a shell makes of them: %s', (text) => {
    const shell = execFileSync('sh', ['-c', `printf '%s\\0' ${text}`], { encoding: 'utf8' });
    expect(splitWords(text)).toEqual(shell.split('\0').slice(0, -1));
  });

  plain.each(['"open', "it's", 'end\\'])('with a quote that is not closed are refused: %s', (text) => {
    expect(splitWords(text)).toBeUndefined();
  });
});
