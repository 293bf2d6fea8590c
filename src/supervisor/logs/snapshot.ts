// The files of logs at one moment: what was written before it is history, and what is written later can be followed.
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Kind } from './rows.js';
import { SegmentFile } from './segment-file.js';
import { allSegments, type Segment } from './segments.js';
import { lastLineStart } from './tail.js';

/** A log: the path of the file that is written, and what its lines are. */
export interface Log {
  readonly path: string;
  readonly kind: Kind;
}

/** A file of a log, and the times between which it was written, in ms since the epoch. */
export interface Part {
  /** When the file before it was put aside; 0 if there is none. */
  readonly after: number;
  /** When it was put aside, or last written. */
  readonly until: number;
  /** Nothing in it is later; Infinity if only its records tell. */
  readonly latest: number;
  /** Opens it; undefined if it is gone. Whoever opens it calls `close`. */
  readonly open: () => Promise<SegmentFile | undefined>;
}

/** The file that is written. */
export interface Current {
  readonly file: FileHandle;
  readonly inode: number;
  /** The length that belongs to the history, in bytes. */
  readonly size: number;
}

export interface LogSnapshot {
  readonly log: Log;
  /** The oldest first. */
  readonly parts: readonly Part[];
  readonly current: Current | undefined;
  /** When the newest file was put aside; 0 without one. */
  readonly generation: number;
  close(): Promise<void>;
}

export interface SnapshotOptions {
  /** Whether a last line that has no end yet is left out of the history; default false. */
  readonly wholeLines?: boolean;
}

/** How often a log is looked at again that is put aside just then. */
const ATTEMPTS = 50;

/** A reader may see a file twice, and only this handle is not closed by it. */
class CurrentFile extends SegmentFile {
  override close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Looks at the logs of a folder. Close each of the snapshots. */
export async function takeSnapshots(
  directory: string,
  logs: readonly Log[],
  options: SnapshotOptions = {},
): Promise<LogSnapshot[]> {
  const found = new Map<Log, LogSnapshot>();
  const opened: FileHandle[] = [];
  try {
    for (let attempt = 0; found.size < logs.length; attempt += 1) {
      const open = new Map<Log, FileHandle | undefined>();
      for (const log of logs) {
        if (found.has(log)) continue;
        const file = await openIfThere(log.path);
        if (file) opened.push(file);
        open.set(log, file);
      }
      // A file that is still at its path after this was not put aside before it: the list has every older file.
      const segments = await allSegments(directory);
      for (const [log, file] of open) {
        const same = await isAt(log.path, file);
        if (same || attempt >= ATTEMPTS)
          found.set(log, await snapshot(log, file, segments.get(log.path) ?? [], options));
        else await file?.close();
      }
    }
  } catch (error) {
    // Closing a file twice does nothing.
    await Promise.all(opened.map((file) => file.close()));
    throw error;
  }
  return logs.map((log) => found.get(log) as LogSnapshot);
}

/** Opens a file; undefined if it is not there. */
export async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether this very file is at the path; without a file, whether none is. */
export async function isAt(path: string, file: FileHandle | undefined): Promise<boolean> {
  const [there, opened] = await Promise.all([
    stat(path, { bigint: true }).catch(() => undefined),
    file?.stat({ bigint: true }),
  ]);
  return there?.ino === opened?.ino && there?.dev === opened?.dev;
}

async function snapshot(
  log: Log,
  file: FileHandle | undefined,
  segments: readonly Segment[],
  { wholeLines = false }: SnapshotOptions,
): Promise<LogSnapshot> {
  const parts: Part[] = [];
  let after = 0;
  for (const segment of segments) {
    if (segment.until === undefined) continue;
    const { until } = segment;
    parts.push({ after, until, latest: until, open: () => SegmentFile.open(segment) });
    after = until;
  }
  const close = async (): Promise<void> => file?.close();
  if (!file) return { log, parts, current: undefined, generation: after, close };
  const { size: all, ino: inode, mtimeMs: until } = await file.stat();
  const size = wholeLines ? await lastLineStart(file, all) : all;
  const latest = log.kind === 'records' ? Infinity : until;
  parts.push({ after, until, latest, open: () => Promise.resolve(new CurrentFile(file, false, size)) });
  return { log, parts, current: { file, inode, size }, generation: after, close };
}
