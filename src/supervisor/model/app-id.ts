// An app's identity: the id by which files, events and commands know it, made from the name that it was given.

/** The longest id, in characters: it becomes a part of file names. */
const MAX_ID = 200;

/** Words of the command line that mean something other than one app. */
const RESERVED = new Set(['all']);

/**
 * The id of a name: trimmed, ASCII letters in lower case, every other character except digits, `-`, `_` and `.` a
 * `-`, and no `-` at either end. Undefined when nothing is left or it is too long for a file name.
 */
export function appId(name: string): string | undefined {
  const id = name
    .trim()
    .replace(/[^A-Za-z\d\-_.]/gu, '-')
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replace(/^-+|-+$/g, '');
  return id === '' || id.length > MAX_ID ? undefined : id;
}

/** Why a name has no id, as a sentence; undefined when it has one. */
export function whyNoId(name: string): string | undefined {
  if (appId(name) !== undefined) return undefined;
  const why = /[A-Za-z\d_.]/.test(name)
    ? `a name can have at most ${MAX_ID} characters`
    : 'a name needs at least one letter from a to z, digit, _ or .';
  return `Invalid app name: ${shownName(name)}: ${why}`;
}

/** Why a new app cannot have this name, as a sentence; undefined when it can. */
export function whyNotAName(name: string): string | undefined {
  const id = appId(name);
  if (id === undefined) return whyNoId(name);
  return RESERVED.has(id)
    ? `Invalid app name: ${shownName(name)} is a reserved word, since "${id}" means every app; choose another name`
    : undefined;
}

/** A name in a message: no longer than a line. */
export function shownName(name: string): string {
  return name.length > 300 ? `${name.slice(0, 300)}…` : name;
}
