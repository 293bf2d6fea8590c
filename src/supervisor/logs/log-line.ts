// A line of an app's log as it is handed to readers, and the part of a log that a reader wants.
import type { Source } from './record.js';

/** A line, whole: parts that other records had interrupted are joined. */
export interface LogLine {
  /** When its first byte was read, in ms since the epoch; null for a line without a time. */
  readonly time: number | null;
  /** The time by which it is put in order: its own, or else that of the line before it. */
  readonly at: number;
  readonly source: Source;
  readonly text: string;
  /** The offset in its file at which it ends, in bytes. */
  readonly end: number;
  /** When the file before its own was put aside, in ms since the epoch; 0 for the first file. */
  readonly generation: number;
}

/** A part of a log by time, in ms since the epoch. Both ends belong to it. */
export interface TimeRange {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** Records of one file may be out of order by this many ms: a clock that is set does that. */
export const SLACK = 2000;

/** A longer line is handed on in pieces of about this size, in bytes. */
export const LONGEST = 4 * 1024 * 1024;

/** Whether a line is in the range. In a log without times, whole files are chosen, with all of their lines. */
export function inRange({ time, at }: Pick<LogLine, 'time' | 'at'>, { since, until }: TimeRange): boolean {
  const when = time ?? at;
  return (since === undefined || when >= since) && (until === undefined || when <= until);
}
