// Whether two paths lead to one file now, however they are spelled.
import { realpath } from 'node:fs/promises';

const real = (path: string): Promise<string> => realpath(path).catch(() => path);

/** A path that cannot be followed is compared as it is. */
export async function isSameFile(one: string, other: string | null): Promise<boolean> {
  return one === other || (other !== null && (await real(one)) === (await real(other)));
}
