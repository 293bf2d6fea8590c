// The log of one app: what it prints on its two streams, as lines with times in one file, or as it is in two.
import { HEADER_LENGTH, parseHeader, recordHeader } from '../logs/record.js';
import type { LogSettings, Written } from '../model/keeper-messages.js';
import type { stateFiles, Stream } from '../state/paths.js';
import { Allowance } from './allowance.js';
import { Generation } from './generation.js';
import { countLines } from './log-facts.js';
import { LogFile } from './log-file.js';
import type { LogFileHooks, Lost } from './log-hooks.js';
import { countAppsRecords, noticeOf } from './notices.js';
import { UnwrittenCount } from './unwritten-count.js';

export interface AppLogHooks {
  onWritten(written: Omit<Written, 'gap' | 'skipped'>): void;
  /** Something was not written, with this many line ends. */
  onLost(stream: Stream | null, lines: number): void;
  /** The file at this path was put aside; another one is there now. */
  onAside(path: string, settings: LogSettings): void;
  onFault(message: string): void;
}

/** A line is ended and goes on in another record when it is longer than this. */
const MAX_LINE = 256 * 1024;

export class AppLog {
  readonly #id: string;
  readonly #hooks: AppLogHooks;
  #settings: LogSettings;
  /** The files of both formats: the one that is not in use may lack something and not say so yet. */
  readonly #all: readonly LogFile[];
  readonly #counts: readonly UnwrittenCount[];
  #files: Readonly<Record<Stream, LogFile>>;
  /** The stream whose unfinished line the file ends with. */
  #tail: Stream | null = null;
  /** How long that line is. */
  #tailLength = 0;
  /** Whether the last line of a stream has no end yet. */
  readonly #midLine = { stdout: false, stderr: false };
  /** The length of the text that was given to the file last, and whether it begins by ending another's line. */
  #length = 0;
  #interrupts = false;
  /** The streams whose next text begins a record or a line, though the one before may have no end. */
  readonly #begins = new Set<Stream | null>();
  readonly #allowance = new Allowance();
  readonly #generation: Generation;

  /** @param generation That of the app's logs before this one. */
  constructor(
    id: string,
    settings: LogSettings,
    paths: ReturnType<typeof stateFiles>,
    hooks: AppLogHooks,
    generation = new Generation(),
  ) {
    this.#id = id;
    this.#settings = settings;
    this.#hooks = hooks;
    this.#generation = generation;
    const [log, out, err] = paths.everyLog(id);
    this.#counts = [log, out, err].map((path) => new UnwrittenCount(paths.unwritten(path)));
    this.#all = [this.#make(log, 0, null), this.#make(out, 1, 'stdout'), this.#make(err, 2, 'stderr')];
    this.#files = this.#inUse();
  }

  /** Takes on other settings. */
  use(settings: LogSettings): void {
    const reopen = settings.format !== this.#settings.format;
    this.#settings = settings;
    for (const file of this.#all) file.settings = settings;
    if (!reopen) return;
    this.settle();
    this.close();
    this.#tail = null;
    this.#files = this.#inUse();
  }

  /** A new process begins a line of its own. */
  newRun(): void {
    for (const file of this.#each()) file.open();
    // Only now: a file that a former keeper wrote may say that a line goes on.
    this.#allowance.newRun();
    if (this.#settings.format === 'stamped') {
      if (this.#files.stdout.midLine) this.#files.stdout.append('\n', false);
      this.#tail = null;
      this.#midLine.stdout = this.#midLine.stderr = false;
      return;
    }
    for (const stream of ['stdout', 'stderr'] as const) {
      const file = this.#files[stream];
      if (file.midLine) file.append('\n', false);
      this.#begins.add(stream);
    }
  }

  /** Takes bytes in, each as the character of its number. Never throws. */
  take(stream: Stream, text: string): void {
    // First: a file that a former keeper wrote says whether a line goes on.
    this.#files[stream].open();
    this.#tellLeftOut();
    const kept = this.#allowance.take(stream, text, this.#settings.maxLines);
    if (kept !== '') this.#keep(stream, kept);
  }

  /** Whether it writes this file. */
  writes(path: string): boolean {
    return [...this.#each()].some((file) => file.path === path);
  }

  /** Whether something was lost that the log does not tell of yet. */
  get owes(): boolean {
    return this.#allowance.left > 0 || this.#all.some((file) => file.owes);
  }

  /** Tells of what was lost, if there is room again. Never throws. */
  settle(): void {
    for (const file of this.#all) file.settle();
    this.#tellLeftOut();
    for (const file of this.#unused()) file.close();
  }

  /** Empties the files that it writes, and forgets what any of its files lacks. */
  flush(): void {
    for (const file of this.#each()) file.flush();
    for (const count of this.#counts) count.clear();
    this.#allowance.told();
    this.#tail = null;
  }

  close(): void {
    for (const file of this.#all) file.close();
  }

  /** Nobody prints into this log any more. Removes the files that count its missing bytes, unless bytes are missing. */
  forget(): void {
    for (const count of this.#counts) if (count.now.bytes === 0) count.remove();
  }

  #keep(stream: Stream, text: string): void {
    const file = this.#files[stream];
    // It was removed or emptied within a line.
    if (!file.midLine) this.#tail = null;
    file.append(this.#settings.format === 'raw' ? text : this.#stamped(stream, text));
  }

  #tellLeftOut(): void {
    const { isDue, left, most } = this.#allowance;
    if (!isDue) return;
    const leftOut = left === 1 ? '1 line was' : `${left} lines were`;
    const allowed = most === 1 ? '1 line' : `${most} lines`;
    const sentence = `${leftOut} left out here: the app may print ${allowed} a second`;
    const { stdout } = this.#files;
    const notice = noticeOf(this.#settings.format, sentence);
    if (!stdout.midLine) this.#begins.add(this.#settings.format === 'stamped' ? null : 'stdout');
    if (!stdout.append(stdout.midLine ? `\n${notice}` : notice, false)) return;
    this.#allowance.told();
    this.#tail = null;
  }

  #stamped(stream: Stream, text: string): string {
    const now = Date.now();
    const header = recordHeader(now, stream);
    const last = text.lastIndexOf('\n');
    const rest = text.length - last - 1;
    let begin = '';
    if (this.#tail !== stream || this.#tailLength > MAX_LINE) {
      if (this.#tail !== null) begin = '\n';
      begin += this.#midLine[stream] ? recordHeader(now, stream, true) : header;
      this.#tailLength = 0;
    }
    const whole =
      rest === 0
        ? text.slice(0, -1).replaceAll('\n', `\n${header}`) + '\n'
        : text.replaceAll('\n', `\n${header}`);
    this.#midLine[stream] = rest > 0;
    this.#tail = rest > 0 ? stream : null;
    this.#tailLength = last < 0 ? this.#tailLength + rest : rest;
    const all = begin + whole;
    this.#length = all.length;
    this.#interrupts = begin.startsWith('\n');
    if (begin !== '' && !this.#interrupts) this.#begins.add(null);
    return all;
  }

  #make(path: string, index: number, stream: Stream | null): LogFile {
    return new LogFile(path, this.#counts[index] as UnwrittenCount, this.#settings, this.#hooksOf(stream));
  }

  #inUse(): Readonly<Record<Stream, LogFile>> {
    const [both, stdout, stderr] = this.#all as readonly [LogFile, LogFile, LogFile];
    return this.#settings.format === 'raw' ? { stdout, stderr } : { stdout: both, stderr: both };
  }

  #unused(): LogFile[] {
    const used = this.#each();
    return this.#all.filter((file) => !used.has(file));
  }

  #hooksOf(stream: Stream | null): LogFileHooks {
    return {
      onWritten: (text, end) => {
        const generation = this.#generation.now;
        const begins = this.#begins.delete(stream);
        this.#hooks.onWritten({ id: this.#id, stream, text, end, generation, begins });
      },
      onBegun: (former) => this.#generation.next(former),
      lossOf: (text) => {
        const lost =
          stream === null ? this.#lossOfRecords(text) : { lines: countLines(text), bytes: text.length };
        // The file ends with something else now.
        this.#tail = null;
        this.#begins.delete(stream);
        this.#hooks.onLost(stream, lost.lines);
        return lost;
      },
      notice: (sentence) => noticeOf(stream === null ? 'stamped' : 'raw', sentence),
      onUnfinished: (line) => {
        const isStamped = this.#settings.format === 'stamped';
        if (stream === null && isStamped) this.#resume(line);
        if (stream !== null && !isStamped) this.#allowance.resume(stream);
      },
      onAside: (path) => this.#hooks.onAside(path, this.#settings),
      onFault: (message) => this.#hooks.onFault(message),
    };
  }

  /** A former keeper has left a line without an end: it goes on where it was. */
  #resume(line: Buffer): void {
    const header = parseHeader(line);
    if (header === undefined || header.source === 'bunctl') {
      this.#files.stdout.append('\n', false);
      return;
    }
    this.#tail = header.source;
    this.#tailLength = line.length;
    this.#midLine[header.source] = true;
    this.#allowance.resume(header.source);
  }

  /** The app's own part of a text of records: no headers, and no newline that ends a line of the other stream. */
  #lossOfRecords(text: string): Lost {
    const lines = countLines(text);
    const added = text.length === this.#length && this.#interrupts ? 1 : 0;
    return { lines: lines - added, bytes: text.length - countAppsRecords(text) * HEADER_LENGTH - added };
  }

  #each(): Set<LogFile> {
    return new Set([this.#files.stdout, this.#files.stderr]);
  }
}
