// Puts a new version of a file in the place of the former one, also while somebody reads that.
import { rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Windows refuses to replace a file that is open, and a virus scanner opens each file that was written. */
const OPEN_ELSEWHERE = new Set(['EPERM', 'EACCES', 'EBUSY']);
/** Milliseconds until the first and between the later tries, and for all of them. */
const FIRST_WAIT = 10;
const LONGEST_WAIT = 200;
const PATIENCE = 2000;

/** Node's own calls, unless a test gives others. */
export interface Replacing {
  readonly platform: string;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly sleep: (ms: number) => Promise<unknown>;
}

const node: Replacing = { platform: process.platform, rename, sleep };

/**
 * Renames a file over another. On Windows it tries again for 2 s while the other is open.
 *
 * @throws {Error} of the file system.
 */
export async function replaceFile(from: string, to: string, around: Replacing = node): Promise<void> {
  let waited = 0;
  for (let wait = FIRST_WAIT; ; wait = Math.min(LONGEST_WAIT, wait * 2)) {
    try {
      await around.rename(from, to);
      return;
    } catch (error) {
      const passes = OPEN_ELSEWHERE.has((error as NodeJS.ErrnoException).code ?? '');
      if (around.platform !== 'win32' || !passes || waited >= PATIENCE) throw error;
    }
    await around.sleep(wait);
    waited += wait;
  }
}
