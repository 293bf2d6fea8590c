// One file of an app's log as the keeper writes it: appended to, put aside when it is full, made anew when it is gone.
// What cannot be written is counted, and the count is written when there is room again.
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  renameSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { asideName } from '../logs/segments.js';
import type { LogSettings } from '../model/keeper-messages.js';
import { periodOf, reasonOf } from './log-facts.js';
import type { LogFileHooks } from './log-hooks.js';
import { giveToOwner, newestAside, openLog, removeOldest, unfinishedLine } from './log-folder.js';
import type { UnwrittenCount } from './unwritten-count.js';

/** Where a file that could not be put aside is tried again: a part of its largest size further on. */
const POSTPONE = 0.1;
/** A line beyond the largest size of a file is cut when it is longer than this. */
const LONGEST_LINE = 256 * 1024;

export class LogFile {
  readonly path: string;
  readonly #hooks: LogFileHooks;
  #settings: LogSettings;
  #fd: number | undefined;
  #opened = false;
  #inode = 0;
  #device = 0;
  #size = 0;
  /** Whether the last byte of the file is not a newline. */
  #midLine = false;
  #period = 0;
  #postponed = 0;
  readonly #unwritten: UnwrittenCount;
  #why: string;

  constructor(path: string, unwritten: UnwrittenCount, settings: LogSettings, hooks: LogFileHooks) {
    this.path = path;
    this.#unwritten = unwritten;
    this.#why = unwritten.now.why;
    this.#settings = settings;
    this.#hooks = hooks;
  }

  set settings(settings: LogSettings) {
    this.#settings = settings;
    if (this.#fd !== undefined) this.#giveToOwner(this.#fd, fstatSync(this.#fd));
  }

  /** Whether the last line of the file has no end yet. */
  get midLine(): boolean {
    return this.#midLine;
  }

  /** Opens the file, or another one if it is gone. Never throws: an error comes again with the next text, which is counted. */
  open(): void {
    if (!this.#opened) this.#unwritten.reserve();
    try {
      this.#lookAfterFile();
    } catch (error) {
      this.#report(error);
    }
  }

  /** Whether something could not be written, and the file does not say so yet. */
  get owes(): boolean {
    return this.#unwritten.now.bytes > 0;
  }

  /** Says what could not be written, if there is room again. Never throws. */
  settle(): void {
    if (this.owes) this.append('', false);
    this.#unwritten.retry();
  }

  /**
   * Appends whole lines; the last may lack its end. Never throws. Returns whether all was written.
   *
   * @param counted Whether what cannot be written is counted: it is the app's.
   */
  append(text: string, counted = true): boolean {
    let rest = text;
    try {
      this.#lookAfterFile();
      if (this.owes) this.#tellOfLoss();
      if (this.#periodIsOver()) this.#putAside();
      while (rest !== '') {
        let part = this.#fitting(rest);
        if (part === '' && this.#putAside()) continue;
        if (part === '') part = rest;
        this.#write(part);
        rest = rest.slice(part.length);
        this.#hooks.onWritten(part, this.#size);
      }
      return true;
    } catch (error) {
      this.#report(error);
      if (counted) this.#unwritten.add(this.#hooks.lossOf(rest), this.#why);
      return false;
    }
  }

  /** Empties the log, and removes the files that were put aside. What was lost is forgotten with them. */
  flush(): void {
    this.#unwritten.clear();
    removeOldest(this.path, 0);
    // The open file may have been renamed: then it belongs to the one who renamed it.
    this.close();
    if (statSync(this.path, { throwIfNoEntry: false })) this.#openFile(constants.O_TRUNC);
    this.#size = 0;
    this.#midLine = false;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Makes another file when ours is not at its path any more, and notes how large it is: others may empty it. */
  #lookAfterFile(): void {
    if (this.#fd === undefined) this.#openFile();
    const there = statSync(this.path, { throwIfNoEntry: false });
    if (there?.ino === this.#inode && there.dev === this.#device) {
      if (there.size === 0) this.#midLine = false;
      if (there.size < this.#size && there.isFile()) this.#hooks.onBegun(0);
      this.#size = there.size;
      return;
    }
    this.close();
    const within = this.#midLine ? ' within a line' : '';
    this.#openFile();
    this.#hooks.onFault(`${this.path} was removed or renamed; a new one was made`);
    this.#write(this.#hooks.notice(`the log file was removed or renamed${within}; this is a new one`));
  }

  #openFile(more = 0): void {
    const fd = openLog(this.path, more);
    this.#fd = fd;
    const found = fstatSync(fd);
    this.#inode = found.ino;
    this.#device = found.dev;
    this.#size = found.size;
    this.#giveToOwner(fd, found);
    this.#midLine = false;
    if (found.isFile() && found.size > 0) {
      const line = unfinishedLine(fd, found.size);
      this.#midLine = line.length > 0;
      if (this.#midLine && !this.#opened) this.#hooks.onUnfinished(line);
    }
    this.#opened = true;
    this.#hooks.onBegun(newestAside(this.path));
    this.#period = periodOf(this.#settings.rotateEvery, found.size > 0 ? found.mtimeMs : Date.now());
  }

  #giveToOwner(fd: number, found: Stats): void {
    const fault = giveToOwner(fd, found, this.#settings.owner);
    if (fault !== undefined) this.#hooks.onFault(`${this.path} ${fault}`);
  }

  /** As much of the text, by whole lines, as the file may still take; at least one line when it is empty. */
  #fitting(text: string): string {
    const { maxSize } = this.#settings;
    const most = Math.max(maxSize, this.#postponed);
    if (maxSize === 0 || this.#size + text.length <= most) return text;
    const room = Math.max(0, most - this.#size);
    const end = room > 0 ? text.lastIndexOf('\n', room - 1) : -1;
    if (end >= 0) return text.slice(0, end + 1);
    if (this.#size > 0 && !this.#midLine) return '';
    // A line that has begun is ended where it is, unless it has no end.
    if (this.#size > most + LONGEST_LINE) return '';
    const first = text.indexOf('\n');
    return first < 0 ? text : text.slice(0, first + 1);
  }

  #write(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    const fd = this.#fd as number;
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(fd, bytes, at);
    } catch (error) {
      // A line that is cut would be read as another one: what did not fit whole is taken back.
      if (at > 0 && fstatSync(fd).isFile()) ftruncateSync(fd, this.#size);
      throw error;
    }
    this.#size += bytes.length;
    this.#midLine = bytes.at(-1) !== NEWLINE;
  }

  #report(error: unknown): void {
    const why = reasonOf(error);
    if (this.#why !== why) this.#hooks.onFault(`${this.path} cannot be written: ${why}`);
    this.#why = why;
  }

  /** @throws when there is still no room. */
  #tellOfLoss(): void {
    const { lines, bytes } = this.#unwritten.now;
    const notice = this.#hooks.notice(
      `${bytes} bytes with ${lines} line ends are missing here, which could not be written: ${this.#why}`,
    );
    this.#write(this.#midLine ? `\n${notice}` : notice);
    this.#unwritten.clear();
    this.#why = '';
  }

  /** Whether there is another, empty file now. */
  #putAside(): boolean {
    const now = this.#hooks.onBegun(0);
    const aside = asideName(this.path, now);
    const former = this.#fd as number;
    try {
      renameSync(this.path, aside);
      this.#openFile();
    } catch (error) {
      // The file is written on, and put aside later.
      this.#fd = former;
      this.#postponed = this.#size + Math.max(1, this.#settings.maxSize * POSTPONE);
      this.#hooks.onFault(`${this.path} could not be put aside: ${(error as Error).message}`);
      return false;
    }
    closeSync(former);
    this.#postponed = 0;
    this.#period = periodOf(this.#settings.rotateEvery, now);
    removeOldest(this.path, this.#settings.maxFiles);
    this.#hooks.onAside(this.path);
    return true;
  }

  #periodIsOver(): boolean {
    if (this.#settings.rotateEvery === 0 || this.#midLine) return false;
    const now = periodOf(this.#settings.rotateEvery, Date.now());
    if (now === this.#period) return false;
    this.#period = now;
    return this.#size > 0;
  }
}

const NEWLINE = 0x0a;
