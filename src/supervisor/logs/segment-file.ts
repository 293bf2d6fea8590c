// A file of a log, compressed or not, that is read in blocks from either end.
import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import type { Segment } from './segments.js';
import { readBlock } from './tail.js';

/** Bytes of a file's content, and the offset of the first one in it. */
export interface Block {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** The size of a block, in bytes. */
export const BLOCK = 256 * 1024;
/** How much of the content of a compressed file is held in memory when it is read from its end, in bytes. */
const WINDOW = 32 * 1024 * 1024;

export class SegmentFile {
  constructor(
    readonly file: FileHandle,
    readonly compressed: boolean,
    /** How much of it is read, in bytes. A compressed file is read to its end. */
    readonly size: number,
  ) {}

  /** Opens a file that was put aside. It may have been compressed since it was listed; undefined if it is gone. */
  static async open({ path, compressed }: Segment): Promise<SegmentFile | undefined> {
    for (const [name, zipped] of compressed ? ([[path, true]] as const) : namesOf(path)) {
      try {
        const file = await open(name, 'r');
        return new SegmentFile(file, zipped, (await file.stat()).size);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    return undefined;
  }

  /** The content from an offset on, which must be 0 for a compressed file. */
  forward(from = 0, size = BLOCK): AsyncGenerator<Block> {
    return this.compressed ? this.#unzipped() : this.#plain(from, size);
  }

  /** The content, the last block first. The end must not be given for a compressed file. */
  backward(end = this.size): AsyncGenerator<Block> {
    return this.compressed ? this.#unzippedBackward() : this.#plainBackward(end);
  }

  close(): Promise<void> {
    return this.file.close();
  }

  async *#plain(from: number, size: number): AsyncGenerator<Block> {
    for (let offset = from; offset < this.size;) {
      const bytes = await readBlock(this.file, offset, Math.min(size, this.size - offset));
      // It was emptied meanwhile.
      if (bytes.length === 0) return;
      yield { offset, bytes };
      offset += bytes.length;
    }
  }

  async *#plainBackward(end: number): AsyncGenerator<Block> {
    // The first blocks are small, for a few lines.
    let size = BLOCK / 4;
    for (let rest = end; rest > 0;) {
      const length = Math.min(size, rest);
      const bytes = await readBlock(this.file, rest - length, length);
      yield { offset: rest - length, bytes };
      rest -= length;
      size = BLOCK;
    }
  }

  async *#unzipped(): AsyncGenerator<Block> {
    const source = this.file.createReadStream({ start: 0, autoClose: false });
    const gunzip = createGunzip({ chunkSize: BLOCK });
    source.on('error', (error) => gunzip.destroy(error));
    source.pipe(gunzip);
    let offset = 0;
    try {
      for await (const bytes of gunzip as AsyncIterable<Buffer>) {
        yield { offset, bytes };
        offset += bytes.length;
      }
    } catch (error) {
      // The file ends too early or is damaged: what comes before that is read.
      if (!/^Z_/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
    } finally {
      source.destroy();
      gunzip.destroy();
    }
  }

  /** It can be decompressed from its start only: once, unless it is larger than the window. */
  async *#unzippedBackward(): AsyncGenerator<Block> {
    for (let end = Infinity; end > 0;) {
      const blocks = await this.#lastBlocks(end);
      end = blocks[0]?.offset ?? 0;
      for (const block of blocks.reverse()) yield block;
    }
  }

  async #lastBlocks(end: number): Promise<Block[]> {
    const blocks: Block[] = [];
    let held = 0;
    for await (const { offset, bytes } of this.#unzipped()) {
      const wanted = bytes.subarray(0, Math.max(0, end - offset));
      if (wanted.length > 0) blocks.push({ offset, bytes: wanted });
      held += wanted.length;
      for (let first = blocks[0]; first && held - first.bytes.length >= WINDOW; first = blocks[0]) {
        held -= first.bytes.length;
        blocks.shift();
      }
      if (wanted.length < bytes.length) break;
    }
    return blocks;
  }
}

const namesOf = (path: string) =>
  [
    [path, false],
    [`${path}.gz`, true],
  ] as const;
