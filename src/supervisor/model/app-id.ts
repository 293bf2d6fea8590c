// An app's identity: the name as it was given, made into what files, events and other apps know it by.

/** Longest id in characters: it becomes a part of file names. */
const MAX_ID = 200;

/**
 * The id of a name: trimmed, ASCII letters in lower case, every other character but digits, `-`, `_` and `.` a
 * `-`, none of those at either end. Undefined when nothing is left or it is too long to be a file's name.
 */
export function appId(name: string): string | undefined {
  const id = name
    .trim()
    .replace(/[^A-Za-z\d\-_.]/gu, '-')
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replace(/^-+|-+$/g, '');
  return id === '' || id.length > MAX_ID ? undefined : id;
}
