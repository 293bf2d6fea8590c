// A change of a built file, as the replacement of a text that must be there.

export interface Change {
  /** The file, relative to `dist`. */
  readonly file: string;
  /** The text that must be in it exactly once. */
  readonly text: string;
  readonly replacement: string;
}

/** @throws {Error} when the text is not there exactly once. */
export function changed(contents: string, { file, text, replacement }: Change): string {
  const times = contents.split(text).length - 1;
  if (times !== 1)
    throw new Error(`${file} has the text ${JSON.stringify(text)} ${times} times, and not once`);
  return contents.replace(text, () => replacement);
}
