// Writes logs as bunctl keeps them: records of both streams, files that are put aside, some of them compressed.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { recordHeader, type Source } from '#dist/supervisor/logs/record.js';
import { asideName } from '#dist/supervisor/logs/segments.js';

export interface WrittenLine {
  readonly source: Source;
  readonly time: number;
  text: string;
}

export class LogWriter {
  /** What was written, line by line, in the order in which the lines began. */
  readonly lines: WrittenLine[] = [];
  readonly #path: string;
  /** The line of each source that has no end yet. */
  readonly #open = new Map<Source, WrittenLine>();
  /** The source whose line is the last one of the file and has no end. */
  #last: Source | undefined;

  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
  }

  /** Writes what an app printed. */
  print(source: Source, text: string, time: number): void {
    let bytes = '';
    for (const part of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
      const open = this.#open.get(source);
      if (this.#last !== source) {
        if (this.#last !== undefined) bytes += '\n';
        bytes += recordHeader(time, source, open !== undefined);
      }
      const line = open ?? { source, time, text: '' };
      if (!open) this.lines.push(line);
      line.text += part.replace('\n', '');
      bytes += part;
      const ended = part.endsWith('\n');
      this.#last = ended ? undefined : source;
      if (ended) this.#open.delete(source);
      else this.#open.set(source, line);
    }
    appendFileSync(this.#path, bytes);
  }

  /** Puts the file aside. */
  rotate(time: number, compressed = false): void {
    if (!existsSync(this.#path)) return;
    if (this.#last !== undefined) appendFileSync(this.#path, '\n');
    this.#last = undefined;
    const aside = asideName(this.#path, time);
    renameSync(this.#path, aside);
    writeFileSync(this.#path, '');
    if (compressed) compress(aside);
  }
}

/** Compresses a file that was put aside, as bunctl does: the whole file appears under its new name at once. */
export function compress(aside: string): void {
  writeFileSync(`${aside}.part`, gzipSync(readFileSync(aside)));
  renameSync(`${aside}.part`, `${aside}.gz`);
  rmSync(aside);
}
