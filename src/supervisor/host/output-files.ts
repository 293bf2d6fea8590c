// An app's output files, from the side of who makes and removes them.
import { rmSync, statSync } from 'node:fs';

/** Removes a file that holds nothing. */
export function removeIfEmpty(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.size === 0) rmSync(path, { force: true });
}
