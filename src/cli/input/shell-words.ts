// Words as a shell reads and writes them.

/** Writes words so that a shell reads exactly them. */
export const quoteWords = (words: readonly string[]): string =>
  words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');

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
