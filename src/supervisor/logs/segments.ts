// The files of one log: the one that is written, and those that were put aside, named by the time at which that was.
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** One file of a log. */
export interface Segment {
  readonly path: string;
  /** When it was put aside, in ms since the epoch: nothing in it is later. Undefined for the file that is written. */
  readonly until: number | undefined;
  readonly compressed: boolean;
}

/** The name of a file that is put aside: `api.all.log.20261127T021011.123Z`; with `.gz` when it is compressed. */
export function asideName(path: string, time: number): string {
  return `${path}.${new Date(time).toISOString().replace(/[-:]/g, '')}`;
}

/** Where the compressed form of a file is written until it is whole. */
export const partOf = (path: string): string => `${path}.gz.part`;

/** Whether a file with this name is one of those, of any log. */
export const isPart = (name: string): boolean => /\.log\.\d{8}T\d{6}\.\d{3}Z\.gz\.part$/.test(name);

const ASIDE = /^\.(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{3}Z)(\.gz)?$/;

/** What the name of a file in the folder of `path` says: undefined when it is not a file of that log. */
export function segmentNamed(path: string, name: string): Segment | undefined {
  const base = basename(path);
  if (name === base) return { path, until: undefined, compressed: false };
  const [, year, month, day, hour, minute, second, gz] = name.startsWith(base)
    ? (ASIDE.exec(name.slice(base.length)) ?? [])
    : [];
  if (year === undefined) return undefined;
  const until = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}`);
  return { path: join(dirname(path), name), until, compressed: gz !== undefined };
}

/**
 * The files of a log, the oldest first, the one that is written last (if it is there). A file that is just being
 * compressed is listed once, uncompressed.
 *
 * @param path The file that is written.
 */
export async function segmentsOf(path: string): Promise<Segment[]> {
  const names = await readdir(dirname(path)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  return inOrder(names.flatMap((name) => segmentNamed(path, name) ?? []));
}

/** The files of a log in order: see {@link segmentsOf}. */
export function inOrder(segments: readonly Segment[]): Segment[] {
  const time = ({ until }: Segment): number => until ?? Infinity;
  const byTime = new Map<number, Segment>();
  for (const segment of segments)
    if (!segment.compressed || !byTime.has(time(segment))) byTime.set(time(segment), segment);
  return [...byTime.values()].sort((a, b) => time(a) - time(b));
}

/** The files of every log in a folder, by the path of the file that is written; each in order, as of {@link segmentsOf}. */
export async function allSegments(directory: string): Promise<Map<string, Segment[]>> {
  const names = await readdir(directory).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  const found = new Map<string, Segment[]>();
  for (const name of names) {
    const path = logOf(directory, name);
    const segment = path === undefined ? undefined : segmentNamed(path, name);
    if (path === undefined || !segment) continue;
    const others = found.get(path);
    if (others) others.push(segment);
    else found.set(path, [segment]);
  }
  return new Map([...found].map(([path, segments]) => [path, inOrder(segments)]));
}

/** The path of the log to which a file of this name belongs: of the file that is written. */
export function logOf(directory: string, name: string): string | undefined {
  const [, base] = /^(.+\.log)(?:\.\d{8}T\d{6}\.\d{3}Z(?:\.gz)?)?$/.exec(name) ?? [];
  return base === undefined ? undefined : join(directory, base);
}
