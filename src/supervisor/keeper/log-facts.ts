// What a log counts and says: how many lines a text ends, why a file cannot be written, which period a time is in.

const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space was left on the device',
  EDQUOT: 'the quota of the disk was used up',
  EFBIG: 'the file was too large',
  EIO: 'the device failed',
  EROFS: 'the file system was read-only',
  EACCES: 'permission was denied',
  EISDIR: 'a folder was in its place',
  ELOOP: 'a symbolic link in its place led nowhere',
  ENOENT: 'a folder was missing',
  ENXIO: 'nobody read the pipe in its place',
  EPIPE: 'nobody read the pipe in its place',
  EAGAIN: 'the pipe in its place was full',
};

/** Why a file could not be written, as the end of a sentence. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined ? message : (WORDS[code] ?? code);
}

/**
 * The number of the period that a time is in, counted from midnight in local time.
 *
 * @param length The length of a period in ms; 0 for a single one.
 */
export function periodOf(length: number, time: number): number {
  if (length === 0) return 0;
  return Math.floor((time - new Date(time).getTimezoneOffset() * 60_000) / length);
}

/** How many lines end in a text. */
export function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
