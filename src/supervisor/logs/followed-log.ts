// One log that is followed: the file that is written, and its files that were put aside since it was last read. Each line comes once.
import { type FileHandle, stat } from 'node:fs/promises';
import { LONGEST } from './log-line.js';
import { HEADER_LENGTH } from './record.js';
import { type Row, rowsForward, RowSplitter } from './rows.js';
import { BLOCK, SegmentFile } from './segment-file.js';
import { type Segment, segmentsOf } from './segments.js';
import type { SharedListing } from './shared-listing.js';
import { isAt, type Log, type LogSnapshot, openIfThere } from './snapshot.js';
import { NEWLINE, readBlock } from './tail.js';

/** How many bytes before the offset are remembered: if they are others, the file was emptied and written again. */
const REMEMBERED = 64;
/** How many bytes are read first: most looks find nothing, and memory for a whole block would be taken for each. */
const LOOK = 2048;
/** How many bytes tell one file from another. */
const HEAD = 4096;
/** How long, in ms, the last line has no end before it is handed on as far as it goes. */
const STANDSTILL = 1000;

/** What was read. */
export interface Reading {
  readonly rows: readonly Row[];
  /** When the file before theirs was put aside, in ms since the epoch; 0 for the first file. */
  readonly generation: number;
  /** Whether there may be more. */
  readonly more: boolean;
  /** Whether files are gone that were not read. */
  readonly lost: boolean;
}

interface Aside {
  readonly file: SegmentFile;
  readonly rows: AsyncIterator<Row[], undefined>;
  readonly until: number;
}

export class FollowedLog {
  readonly log: Log;
  readonly #listing: SharedListing;
  #file: FileHandle | undefined;
  #offset = 0;
  #before: Buffer = Buffer.alloc(0);
  #splitter: RowSplitter;
  /** How much of a last line without an end there is, and since when, in ms. */
  #rest = { length: 0, since: 0 };
  /** Files that were put aside later than this, and the one that is written, are not read yet. */
  #boundary: number;
  /** When files were put aside, as far as that was noticed. */
  readonly #noticed = new Set<number>();
  /** A file that was put aside and is being read. */
  #aside: Aside | undefined;

  /** Follows a log from the end of a snapshot on, whose file it takes over; without one, from its beginning. */
  constructor(log: Log, listing: SharedListing, from?: Pick<LogSnapshot, 'current' | 'generation'>) {
    this.log = log;
    this.#listing = listing;
    this.#splitter = new RowSplitter(log.kind);
    this.#file = from?.current?.file;
    this.#offset = from?.current?.size ?? 0;
    this.#boundary = from?.generation ?? 0;
  }

  /** A file of this log was put aside. */
  notice(time: number): void {
    if (time > this.#boundary) this.#noticed.add(time);
  }

  /** Reads on: a block, or less. */
  async read(): Promise<Reading> {
    if (this.#aside) return this.#readAside(this.#aside);
    if (!this.#file) return (await this.#hasNext()) ? this.#goOn() : this.#reading([], false);
    const rows = await this.#readLines(this.#file);
    if (rows.length > 0) return this.#reading(rows, true);
    if (await this.#isStillWritten(this.#file)) return this.#reading(await this.#standing(this.#file), false);
    // It was put aside or removed: what was written to it before that is there now.
    const last = await this.#readLines(this.#file);
    if (last.length > 0) return this.#reading(last, true);
    return this.#reading(await this.#handRest(this.#file), true, await this.#leave(this.#file));
  }

  async close(): Promise<void> {
    await this.#file?.close();
    await this.#aside?.file.close();
    this.#file = this.#aside = undefined;
  }

  #reading(rows: readonly Row[], more: boolean, lost = false): Reading {
    return { rows, generation: this.#boundary, more, lost };
  }

  /** Whether lines may still come to this file. One that has no name any more is written until another one takes its place. */
  async #isStillWritten(file: FileHandle): Promise<boolean> {
    const [found, own] = await Promise.all([
      stat(this.log.path, { bigint: true }).catch(() => undefined),
      file.stat({ bigint: true }),
    ]);
    if (found === undefined) return !(await this.#listed()).some(({ until }) => until !== undefined);
    if (found.ino !== own.ino || found.dev !== own.dev) return false;
    // It was emptied.
    if (own.size < this.#offset) this.#startOver();
    return true;
  }

  /** The files that are not read yet, by a list that may lack what has come in this moment: a change of the folder, or the next poll, brings it. */
  async #listed(): Promise<Segment[]> {
    const segments = (await this.#listing.files()).get(this.log.path) ?? [];
    return segments.filter(({ until = Infinity }) => until > this.#boundary);
  }

  /** Whether there is a file to go on with, or one is gone that was to be read. */
  async #hasNext(): Promise<boolean> {
    return this.#notYetRead().length > 0 || (await this.#listed()).length > 0;
  }

  /** As they are now: no list from before will do where a file is taken for the next one. */
  async #asides(): Promise<(Segment & { readonly until: number })[]> {
    const segments = await segmentsOf(this.log.path);
    return segments.flatMap(({ until, ...segment }) => (until === undefined ? [] : { ...segment, until }));
  }

  /** The file is read to its end. Finds out when it was put aside; returns whether files are gone that come after it. */
  async #leave(file: FileHandle): Promise<boolean> {
    const first = (await this.#asides()).find(({ until }) => until > this.#boundary);
    const [noticed] = this.#notYetRead();
    const same = first !== undefined && (await isSame(file, first));
    // Nothing tells whether other files came between.
    const unknown = first !== undefined && !same && noticed === undefined;
    if (same) this.#boundary = first.until;
    // It was put aside, and is gone already. Without a notice, it was removed or renamed in another way.
    else if (noticed !== undefined && noticed !== first?.until) this.#boundary = noticed;
    await file.close();
    this.#file = undefined;
    this.#startOver();
    return unknown;
  }

  #notYetRead(): number[] {
    for (const time of this.#noticed) if (time <= this.#boundary) this.#noticed.delete(time);
    return [...this.#noticed].sort((a, b) => a - b);
  }

  /** Opens the next file: of those that were put aside, or else the one that is written. */
  async #goOn(): Promise<Reading> {
    const current = await openIfThere(this.log.path);
    const asides = (await this.#asides()).filter(({ until }) => until > this.#boundary);
    const [next] = asides;
    const [noticed] = this.#notYetRead();
    const lost = noticed !== undefined && (next === undefined || noticed < next.until);
    if (lost) this.#noticed.delete(noticed);
    if (next) {
      await current?.close();
      const file = await SegmentFile.open(next);
      if (file) this.#aside = { file, rows: rowsForward(file.forward(), this.log.kind), until: next.until };
      else this.#boundary = next.until;
      return this.#reading([], true, lost || file === undefined);
    }
    // It may have been put aside just now; then it is in the next list.
    if (current && !(await isAt(this.log.path, current))) {
      await current.close();
      return this.#reading([], true, lost);
    }
    this.#file = current;
    return this.#reading([], current !== undefined, lost);
  }

  async #readAside(aside: Aside): Promise<Reading> {
    const next = await aside.rows.next();
    if (!next.done) return this.#reading(next.value, true);
    await aside.file.close();
    this.#aside = undefined;
    this.#boundary = aside.until;
    return this.#reading([], true);
  }

  /** The lines that end in the next block; a very long line as far as it goes. */
  async #readLines(file: FileHandle): Promise<Row[]> {
    for (let wanted = LOOK; ; wanted = Math.max(BLOCK, wanted * 4)) {
      const known = this.#before.length;
      const block = await readBlock(file, this.#offset - known, known + wanted);
      if (!block.subarray(0, known).equals(this.#before)) {
        this.#startOver();
        continue;
      }
      const bytes = block.subarray(known);
      if (wanted < BLOCK && bytes.length === wanted) continue;
      const whole = bytes.lastIndexOf(NEWLINE) + 1;
      if (whole > 0) return this.#take(bytes.subarray(0, whole));
      if (bytes.length > LONGEST) return this.#take(bytes);
      if (bytes.length < wanted) {
        if (bytes.length !== this.#rest.length)
          this.#rest = { length: bytes.length, since: performance.now() };
        return [];
      }
    }
  }

  #take(bytes: Buffer): Row[] {
    const rows = this.#splitter.add(bytes, this.#offset);
    this.#offset += bytes.length;
    rows.push(...this.#splitter.end(this.#offset));
    this.#before = Buffer.from(
      Buffer.concat([this.#before, bytes.subarray(-REMEMBERED)]).subarray(-REMEMBERED),
    );
    this.#rest = { length: 0, since: 0 };
    return rows;
  }

  /** The last line, if it has stood without an end for a while. */
  async #standing(file: FileHandle): Promise<Row[]> {
    const { length, since } = this.#rest;
    if (length === 0 || performance.now() - since < STANDSTILL) return [];
    // The header in front of a record's text is not shown alone.
    if (this.log.kind === 'records' && length <= HEADER_LENGTH) return [];
    return this.#handRest(file);
  }

  async #handRest(file: FileHandle): Promise<Row[]> {
    const { length } = this.#rest;
    return length === 0 ? [] : this.#take(await readBlock(file, this.#offset, length));
  }

  #startOver(): void {
    this.#offset = 0;
    this.#before = Buffer.alloc(0);
    this.#rest = { length: 0, since: 0 };
    this.#splitter = new RowSplitter(this.log.kind);
  }
}

/** Whether a file that was put aside, and may be compressed, is the one that is open. */
async function isSame(file: FileHandle, segment: Segment): Promise<boolean> {
  const aside = await SegmentFile.open(segment);
  if (!aside) return false;
  try {
    if (!aside.compressed) return (await aside.file.stat()).ino === (await file.stat()).ino;
    for await (const { bytes } of aside.forward())
      return bytes.subarray(0, HEAD).equals(await readBlock(file, 0, Math.min(HEAD, bytes.length)));
    return (await file.stat()).size === 0;
  } finally {
    await aside.close();
  }
}
