// Command lines for batch files: whatever the arguments hold, cmd.exe finds words in them and nothing else.
import { expect, test } from 'vitest';
import { batchArguments } from '#dist/supervisor/host/windows/batch.js';

/** Replaces variables as cmd.exe does on a command line; `%cd:~,%` is an empty text, and one that is not set stays. */
const expanded = (line: string): string =>
  line.replace(/%(PATH|cd:~,)%/g, (_all, name: string) => (name === 'PATH' ? 'LEAKED' : ''));

/** The parts of a line that cmd.exe reads outside of quotes, where characters such as `&` are commands. */
const outsideQuotes = (line: string): string =>
  line
    .split('"')
    .filter((_part, index) => index % 2 === 0)
    .join(' ');

/** Words as programs built with Microsoft's runtime read them: a doubled quote inside of quotes is a quote. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === ' ') continue;
    let [word, quoted] = ['', false];
    for (; at < line.length && (quoted || line[at] !== ' '); at += 1) {
      const slashes = /^\\*/.exec(line.slice(at))?.[0].length ?? 0;
      if (slashes > 0 && line[at + slashes] !== '"') {
        word += '\\'.repeat(slashes);
        at += slashes - 1;
      } else if (slashes > 0) {
        word += '\\'.repeat(Math.floor(slashes / 2));
        at += slashes - 1;
        if (slashes % 2 === 1) {
          word += '"';
          at += 1;
        }
      } else if (line[at] === '"' && quoted && line[at + 1] === '"') {
        word += '"';
        at += 1;
      } else if (line[at] === '"') quoted = !quoted;
      else word += line.charAt(at);
    }
    words.push(word);
  }
  return words;
}

const HOSTILE = [
  '',
  'plain',
  'two words',
  'a&calc.exe',
  'a"&calc.exe&"b',
  '"',
  '""',
  '" & calc.exe',
  'a\\"&calc.exe',
  'ends with a backslash\\',
  'two\\\\',
  '\\\\server\\share\\',
  '^',
  'a^b^^c',
  '!PATH!',
  '|<>()@;,=',
  'ünïcode ✓',
  '\ttab',
];

test.each(HOSTILE)('%j reaches the program as it is, and nothing of it is a command', (hostile) => {
  const [e, v, d, s, c, line = ''] = batchArguments('C:\\a b\\run.cmd', ['first', hostile, 'last']);
  expect([e, v, d, s, c]).toEqual(['/e:on', '/v:off', '/d', '/s', '/c']);
  // With /s the first and the last quote are taken off.
  const inner = expanded(line.slice(1, -1));
  expect(outsideQuotes(inner)).not.toMatch(/[&|<>()^\r\n;,=!]/);
  expect(wordsOf(inner)).toEqual(['C:\\a b\\run.cmd', 'first', hostile, 'last']);
});

test.each(['%PATH%', 'a"%PATH%', '%cd:~,%PATH%', '100%'])('%j is not replaced by a variable', (text) => {
  const line = batchArguments('C:\\run.cmd', [text])[5] ?? '';
  // Each sign is followed by one that begins an empty text, so no two of them enclose a name.
  expect(line.replaceAll('%%cd:~,%', '\u0001')).not.toContain('%');
  expect(wordsOf(line.slice(1, -1).replaceAll('%%cd:~,%', '%'))[1]).toBe(text);
});

test.each(['a\nb', 'a\r\nb', '\r', '\u001a', 'a\0b'])(
  '%j is refused: no batch file can be given it',
  (text) => {
    expect(() => batchArguments('C:\\run.cmd', ['ok', text])).toThrow(/^argument 2 has a line break/);
  },
);

test.each(['C:\\a"b.cmd', 'C:\\%PATH%.cmd', 'C:\\a\nb.cmd'])('the file name %j is refused', (file) => {
  expect(() => batchArguments(file, [])).toThrow(/cmd.exe cannot be given/);
});
