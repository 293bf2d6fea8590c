// The lines of an app's log: each begins with its time and its stream, and may be read with less, grep and tail.
//
//   2026-11-27T02:10:11.123Z out what the app printed on stdout
//   2026-11-27T02:10:11.124Z err what it printed on stderr
//   2026-11-27T02:10:11.125Z out+the rest of a line that another record interrupted
//   2026-11-27T02:10:11.126Z log what bunctl has to say about the log itself
//
// The last line of a file may lack its newline: the app has not ended that line yet.
import type { Buffer } from 'node:buffer';
import type { Stream } from '../state/paths.js';

/** Where a line comes from: the app's stdout or stderr, or bunctl itself. */
export type Source = Stream | 'bunctl';

/** The length of the header in front of the text, in bytes: the time, a space, the source, and a space or a `+`. */
export const HEADER_LENGTH = 29;

const WORDS: Readonly<Record<Source, string>> = { stdout: 'out', stderr: 'err', bunctl: 'log' };
const SOURCES: Readonly<Record<string, Source>> = { out: 'stdout', err: 'stderr', log: 'bunctl' };

/**
 * The header in front of the text of a line.
 *
 * @param time Milliseconds since the epoch, at which the line's first byte was read.
 * @param continued Whether the text goes on with the last line of the same source, which had no end.
 */
export function recordHeader(time: number, source: Source, continued = false): string {
  return `${new Date(time).toISOString()} ${WORDS[source]}${continued ? '+' : ' '}`;
}

/** The header in front of a line's text, as it was read. */
export interface RecordHeader {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly source: Source;
  readonly continued: boolean;
}

const HEADER = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.)(\d{3})Z (out|err|log)([ +])$/;

/** The second that was read last, and its time: many lines are of one second. */
let second = '';
let secondTime = NaN;

/** Reads the header in front of a line's text; undefined for a line that is not a record. */
export function parseHeader(line: Buffer): RecordHeader | undefined {
  if (line.length < HEADER_LENGTH) return undefined;
  const [, upToSecond, ms, word, mark] = HEADER.exec(line.toString('latin1', 0, HEADER_LENGTH)) ?? [];
  if (upToSecond === undefined || word === undefined) return undefined;
  if (upToSecond !== second) {
    second = upToSecond;
    secondTime = Date.parse(`${upToSecond}000Z`);
  }
  // Digits that are not a time.
  if (Number.isNaN(secondTime)) return undefined;
  return { time: secondTime + Number(ms), source: SOURCES[word] as Source, continued: mark === '+' };
}
