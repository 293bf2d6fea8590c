// The theatre in which runs play, one after the other: the library with its edges, and the run that plays now.
import { type Library, loadLibrary } from '../build/bundle.js';
import type { Change } from '../build/change.js';
import { startChild } from '../build/child.js';
import type { Endpoint, Stage } from '../build/edges.js';
import { install } from '../check/probes.js';
import { VirtualProcess } from '../virtual/process.js';
import type { VirtualWorker } from '../virtual/worker.js';
import { World } from '../virtual/world.js';
import { commandsOf, serviceOf } from './handlers.js';
import type { Run } from './run.js';

export class Theatre implements Stage {
  runThread: Stage['runThread'] = () => Promise.resolve();
  #run: Run | undefined;
  #library: Library | undefined;
  #modules: Readonly<Record<string, unknown>> = {};
  readonly #empty = new World(0, false);

  private constructor() {
    // Made by open().
  }

  /**
   * Loads the library, with bugs if any are to be planted.
   *
   * @throws {Error} when a text that is to be changed is not there.
   */
  static async open(planted: readonly Change[] = []): Promise<Theatre> {
    const theatre = new Theatre();
    const library = await loadLibrary(theatre, planted);
    install(library, () => theatre.run.observer);
    theatre.#library = library;
    theatre.runThread = library.runThread;
    theatre.#modules = {
      'virtual:commands': commandsOf(library, () => theatre.run.workplace),
      'virtual:service': serviceOf(library),
    };
    return theatre;
  }

  get library(): Library {
    if (!this.#library) throw new Error('the library is not loaded');
    return this.#library;
  }

  get run(): Run {
    if (!this.#run) throw new Error('nothing plays');
    return this.#run;
  }

  /** From now on this run plays. */
  set run(run: Run) {
    this.#run = run;
  }

  get world(): World {
    return this.#run?.world ?? this.#empty;
  }

  readonly startChild: Stage['startChild'] = (child) => startChild(this.library, child);

  onWorker(worker: VirtualWorker): void {
    this.run.workerStarted(worker);
  }

  writeClaim(actor: number, record: Uint8Array): void {
    const process = this.run.workers.numbered(actor);
    if (process instanceof VirtualProcess) process.claim(record);
  }

  async importModule(url: string): Promise<{ readonly default: unknown }> {
    await this.run.loads();
    return { default: this.#modules[url] };
  }

  claimEndpoint(path: string, endpoint: Endpoint): unknown {
    this.run.listens(endpoint);
    return { path, release: async () => this.run.listens(undefined) };
  }
}
