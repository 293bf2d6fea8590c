// The users of this machine, as their file says (passwd(5)): Node can only tell of the user it runs as.
import { readFileSync } from 'node:fs';

/** A user, as far as a process that is to run as him needs it. */
export interface User {
  readonly name: string;
  readonly gid: number;
  readonly home: string;
}

/** Undefined for a number that the file does not know, and where there is no such file. */
export function userOf(uid: number, file = '/etc/passwd'): User | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  for (const line of text.split('\n')) {
    const [name, , id, gid, , home] = line.split(':');
    if (id === String(uid) && name && home !== undefined) return { name, gid: Number(gid), home };
  }
  return undefined;
}
