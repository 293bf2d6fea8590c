// The file that each run of an app holds open on Windows: who finds it held knows that the app, or a process that has
// inherited it, lives, whatever process has its number by now.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { holdFile, isHeld } from '../../../endpoint/held-file.js';
import { fileName } from '../../model/file-name.js';

/** A file that is held, to be handed to a process. */
export interface HeldByRun {
  readonly path: string;
  readonly fd: number;
  /** Closes our own descriptor. The process goes on holding the file. */
  readonly handOver: () => void;
}

export class AppFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Holds the file of a new run, whose nonce nobody had before. @throws {Error} of the file system. */
  async hold(id: string, nonce: string): Promise<HeldByRun> {
    await mkdir(this.#directory, { recursive: true });
    const path = join(this.#directory, `${fileName(id)}.${nonce}`);
    const hold = holdFile(path);
    if (typeof hold === 'string') throw new Error(`the file ${path} cannot be held`);
    return { path, fd: hold.fd, handOver: hold.release };
  }

  /** As {@link hold}. @throws {Error} also while a process of an earlier run lives. */
  async holdAlone(id: string, nonce: string): Promise<HeldByRun> {
    if (await this.anyHeld(id))
      throw new Error(
        'a process of an earlier run still lives, and which one it is is not known; end it in the Task Manager',
      );
    return this.hold(id, nonce);
  }

  /**
   * Whether a process of any run of an app lives. Files that nobody holds are removed.
   *
   * @throws {Error} when the folder cannot be read: then nothing tells that none lives.
   */
  async anyHeld(id: string): Promise<boolean> {
    const start = `${fileName(id)}.`;
    const files = await readdir(this.#directory).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    });
    let held = false;
    for (const file of files) {
      // A nonce has 16 digits, and an id may have dots of its own.
      if (!file.startsWith(start) || file.length !== start.length + 16) continue;
      const path = join(this.#directory, file);
      if (isHeld(path)) held = true;
      else await rm(path, { force: true }).catch(() => undefined);
    }
    return held;
  }
}
