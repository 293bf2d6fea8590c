// Words as a shell reads and writes them.
import { onWindows } from '../terminal/system-words.js';

/** Writes words so that a shell reads exactly them; on Windows the command prompt, which knows double quotes alone. */
export const quoteWords = (words: readonly string[], windows: boolean = onWindows): string =>
  words
    .map((word) =>
      windows ? (/^[\w@+=:,./\\-]+$/.test(word) ? word : `"${word.replaceAll('"', '""')}"`) : quoted(word),
    )
    .join(' ');

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/**
 * Splits a text into words as a shell does: quotes and backslashes are understood, nothing is expanded.
 *
 * @returns Undefined if a quote is not closed.
 */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  // A quoted part, an escaped character, blanks, or a plain part.
  const parts = /'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|(\s+)|([^\s'"\\]+)|([^])/g;
  for (const [, single, double, escaped, blanks, plain, odd] of text.matchAll(parts)) {
    if (odd !== undefined) return undefined;
    if (blanks !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else
      word = (word ?? '') + (single ?? double?.replace(/\\([$`"\\\n])/g, '$1') ?? escaped ?? plain ?? '');
  }
  if (word !== undefined) words.push(word);
  return words;
}
