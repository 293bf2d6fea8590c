// The users of this machine, as their file lists them (passwd(5)): Node only knows the user it runs as.
import { readFile } from 'node:fs/promises';

/** The data that a process needs to run as this user. */
export interface User {
  readonly name: string;
  readonly gid: number;
  readonly home: string;
}

/** Undefined if the number is not in the file, or if the file does not exist. */
export async function userOf(uid: number, file = '/etc/passwd'): Promise<User | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
  for (const line of text.split('\n')) {
    const [name, , id, gid, , home] = line.split(':');
    if (id === String(uid) && name && home !== undefined) return { name, gid: Number(gid), home };
  }
  return undefined;
}
