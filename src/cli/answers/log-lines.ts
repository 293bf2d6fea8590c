// Prints lines of logs: as they are, with the app's name or the time in front, or as JSON.
import type { LogLine } from '../../supervisor/logs/log-line.js';
import { localTime } from '../input/times.js';
import { canPrint, print, say, write } from '../terminal/output.js';
import { harmless, style } from '../terminal/style.js';
import type { LogsWanted } from './logs-wanted.js';

/** A line to be printed. */
export type ShownLine = Pick<LogLine, 'time' | 'source' | 'text'> &
  Partial<Pick<LogLine, 'end' | 'generation'>>;

/** Text is written to stdout in portions of this many characters. */
const PORTION = 64 * 1024;

export class LinePrinter {
  readonly #timestamps: boolean;
  readonly #json: boolean;
  readonly #withNames: boolean;
  #text = '';

  /** @param withNames Whether each line begins with its app's name. */
  constructor({ timestamps, json }: LogsWanted, withNames: boolean) {
    this.#timestamps = timestamps;
    this.#json = json;
    this.#withNames = withNames;
  }

  /** Prints lines of an app. Returns whether stdout takes more. */
  lines(app: string, lines: Iterable<ShownLine>): boolean {
    for (const line of lines) {
      if (this.#json) this.#put(`${JSON.stringify(eventOf(app, line))}\n`);
      else if (line.source === 'bunctl') this.#note(app, line);
      else this.#put(`${this.#front(app, line.time)}${lineText(line)}\n`);
      if (!canPrint()) return false;
    }
    return true;
  }

  /** Writes what waits. Returns whether stdout takes more. */
  flush(): boolean {
    const text = this.#text;
    this.#text = '';
    if (text !== '') write(text);
    return canPrint();
  }

  #put(text: string): void {
    this.#text += text;
    if (this.#text.length > PORTION) this.flush();
  }

  /** What bunctl says about the log is a message, not data. */
  #note(app: string, { time, text }: ShownLine): void {
    this.flush();
    say(style('gray', `${this.#front(app, time)}bunctl: ${harmless(text)}`));
  }

  #front(app: string, time: number | null): string {
    const when = this.#timestamps ? `${time === null ? '-'.padEnd(23) : localTime(time)} ` : '';
    return this.#withNames ? `${when}[${harmless(app)}] ` : when;
  }
}

function lineText({ source, text }: ShownLine): string {
  const line = harmless(text);
  return source === 'stderr' ? style('red', line) : line;
}

/** A line in the shape of an event of the wire. */
function eventOf(app: string, { source: stream, text: line, end, generation, time }: ShownLine) {
  return { type: 'event', event: { app, stream, line, end, generation, time } };
}

/** Begins the output of `-f` as JSON. */
export const printInitial = (logs: unknown): void => print(JSON.stringify({ type: 'initial', logs }));
