// Puts plain output files aside before an app's next run, where no keeper does it while the app runs.
import { rm, stat } from 'node:fs/promises';
import { asideName, type Segment, segmentsOf } from '../../logs/segments.js';
import type { LogSettings } from '../../model/keeper-messages.js';
import { replaceFile } from '../../state/replace.js';

/**
 * Puts a file aside that has its largest size, and removes the oldest of those that were put aside before. Nothing may
 * write to it meanwhile.
 *
 * @throws {Error} if it cannot be renamed or removed: a process of an earlier run still has it open, for example.
 */
export async function putAsideIfFull(
  path: string,
  { maxSize, maxFiles }: Pick<LogSettings, 'maxSize' | 'maxFiles'>,
  now = Date.now(),
): Promise<void> {
  if (maxSize === 0) return;
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() || found.size < maxSize) return;
  const newest = (await asides(path)).at(-1)?.until ?? 0;
  await replaceFile(path, asideName(path, Math.max(now, newest + 1)));
  await removeAsides(path, maxFiles);
}

/** Removes the files of a log that were put aside; keeps this many of the newest. */
async function removeAsides(path: string, keep: number): Promise<void> {
  const all = await asides(path);
  for (const each of all.slice(0, Math.max(0, all.length - keep))) await rm(each.path, { force: true });
}

/** The oldest first. */
async function asides(path: string): Promise<Segment[]> {
  return (await segmentsOf(path)).filter(({ until }) => until !== undefined);
}
