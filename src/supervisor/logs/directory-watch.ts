// Watches a directory, also after it was removed and made again. Without a watch, its user polls.
import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';

export interface DirectoryWatchHooks {
  /** A file of this name has changed. */
  onChange(name: string): void;
  onFault(error: Error): void;
}

export class DirectoryWatch {
  readonly #directory: string;
  readonly #hooks: DirectoryWatchHooks;
  #watcher: FSWatcher | undefined;
  /** The directory that is watched; its path may lead to another one by now. */
  #inode: number | undefined;
  #closed = false;

  constructor(directory: string, hooks: DirectoryWatchHooks) {
    this.#directory = directory;
    this.#hooks = hooks;
    this.#watch();
  }

  /** Whether changes are told. */
  get active(): boolean {
    return this.#watcher !== undefined;
  }

  /** Watches the directory that is at the path now, if that is another one or none was watched. */
  async renew(): Promise<void> {
    const found = await stat(this.#directory).catch(() => undefined);
    if (this.#closed || found === undefined || found.ino === this.#inode) return;
    const first = this.#inode === undefined && this.active;
    this.#inode = found.ino;
    if (first) return;
    this.#watcher?.close();
    this.#watch();
  }

  close(): void {
    this.#closed = true;
    this.#watcher?.close();
  }

  #watch(): void {
    this.#watcher = undefined;
    try {
      const watcher = watch(this.#directory, (_type, name) => {
        if (name !== null) this.#hooks.onChange(name);
      });
      watcher.on('error', (error) => {
        watcher.close();
        if (this.#watcher === watcher) this.#watcher = undefined;
        this.#hooks.onFault(error);
      });
      this.#watcher = watcher;
    } catch (error) {
      // The system has no watches left, for example.
      this.#hooks.onFault(error as Error);
    }
  }
}
