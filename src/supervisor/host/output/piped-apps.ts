// The apps that print into FIFOs: the FIFOs are held open while their app runs, and the keeper is told of them until it knows.
import type { FileHandle } from 'node:fs/promises';
import type { Logger } from 'pino';
import { type KeeperRequest, type LogSettings, READS_ON } from '../../model/keeper-messages.js';
import type { stateFiles, Stream } from '../../state/paths.js';
import { findFifo, STREAMS, wayTo } from './fifos.js';
import { closeAll } from './output-files.js';
import { Untold } from './untold.js';

/** One of them. */
interface Known {
  readonly settings: LogSettings;
  /** While it runs they are held open, so that nothing in them is lost while the keeper is away. */
  readonly pipes: (FileHandle | undefined)[];
  /** Whether it has ended. */
  ended: boolean;
  /** Finds the FIFOs of an adopted app, until they are held. */
  find?: ((stream: Stream) => Promise<FileHandle | undefined>) | undefined;
  /** Whether the app is gone for good; what it has left is still read. */
  removed?: boolean;
  /** Resolves when the FIFOs that were let go are closed. */
  closed?: Promise<unknown>;
  /** The search that is under way. */
  finding?: Promise<Error | undefined> | undefined;
}

/** Resolves with the answer's message. */
type Ask = (request: KeeperRequest) => Promise<string>;
type AskIfUp = (request: KeeperRequest) => Promise<string | undefined>;

const REMOVED =
  'was removed or renamed while the app runs; what it prints is read all the same, and its next run gets a new one';

export class PipedApps {
  readonly #files: ReturnType<typeof stateFiles>;
  readonly #log: Logger;
  readonly #ask: Ask;
  readonly #askIfUp: AskIfUp;
  readonly #apps = new Map<string, Known>();
  readonly #untold: Untold;

  /**
   * @param ask Asks the keeper.
   * @param askIfUp The same, if one is there.
   */
  constructor(files: ReturnType<typeof stateFiles>, log: Logger, ask: Ask, askIfUp: AskIfUp) {
    this.#files = files;
    this.#log = log;
    this.#ask = ask;
    this.#askIfUp = askIfUp;
    this.#untold = new Untold({ tell: (id) => this.#tellAgain(id), log });
  }

  /** Whether there are any. */
  get any(): boolean {
    return this.#apps.size > 0;
  }

  /** Tells a new keeper of all apps. Never rejects: what is wrong with one app is not the fault of the next one. */
  async tellAll(ask: Ask): Promise<void> {
    for (const id of this.#apps.keys()) await this.#tellAtLast(id, ask);
  }

  /** A run begins. Resolves when the keeper knows, or could not be told: its output waits in the FIFOs then. */
  async begin(id: string, settings: LogSettings, pipes: readonly FileHandle[]): Promise<void> {
    const known = await this.#hold(id, { settings, pipes: [...pipes], ended: false });
    await this.#tell(id, known, true, this.#ask).catch((err: unknown) => this.#untold.failed(id, err));
  }

  /** Takes over an app of a former daemon; see `AppOutputs.adopt`. */
  async adopt(
    id: string,
    settings: LogSettings,
    leader: number | undefined,
    processes: () => Promise<readonly number[]>,
  ): Promise<void> {
    const known: Known = { settings, pipes: [], ended: leader === undefined };
    // The number of a process that has ended may be another's.
    known.find = (stream) =>
      findFifo(this.#files.pipe(id, stream), known.ended ? undefined : leader, processes);
    await this.#hold(id, known);
    await this.#tellAtLast(id, this.#ask);
  }

  /** The app has ended: when all that it has printed is kept, its FIFOs are let go. */
  ended(id: string): void {
    const known = this.#apps.get(id);
    if (known === undefined) return;
    known.ended = true;
    // What it has printed waits in its FIFOs until the keeper can be told of them.
    if (this.#untold.has(id)) return;
    this.#ask({ Sync: { id } })
      .then(() => this.#release(known))
      // The keeper is away: they are held until it is back.
      .catch(() => undefined);
  }

  /**
   * The app is gone for good. Resolves with whether something that it has left may print on, or no keeper can say: then
   * the next keeper is told of it, too.
   */
  async remove(id: string): Promise<boolean> {
    const known = this.#apps.get(id);
    if (known === undefined) return false;
    known.removed = true;
    this.#untold.forget(id);
    await this.#release(known);
    return this.#isReadOn(id, known, this.#askIfUp);
  }

  /** Stops telling the keeper of apps. */
  close(): void {
    this.#untold.close();
  }

  /** Lets go of all FIFOs. */
  async letGo(): Promise<void> {
    const all = [...this.#apps.values()].flatMap(({ pipes }) => pipes);
    this.#apps.clear();
    await closeAll(all);
  }

  /** Has the keeper remove the FIFOs of a removed app, at once or later. The app is forgotten when it needs no keeper any more. */
  async #isReadOn(id: string, known: Known, ask: AskIfUp): Promise<boolean> {
    const answer = await ask({ Remove: { id } });
    if (answer === undefined || answer === READS_ON) return true;
    if (this.#apps.get(id) === known) this.#apps.delete(id);
    return false;
  }

  async #release(known: Known): Promise<void> {
    known.closed = Promise.all([known.closed, closeAll(known.pipes.splice(0))]);
    await known.closed;
  }

  async #hold(id: string, known: Known): Promise<Known> {
    const former = this.#apps.get(id);
    this.#apps.set(id, known);
    this.#untold.forget(id);
    await closeAll(former?.pipes ?? []);
    return known;
  }

  /** Tells the keeper of an app that it does not know. Where that fails, it is tried again. Never rejects. */
  async #tellAtLast(id: string, ask: Ask): Promise<void> {
    await this.#tellAgain(id, ask).then(
      () => this.#untold.forget(id),
      (err: unknown) => this.#untold.failed(id, err),
    );
  }

  /** @throws what the keeper answers, or why a FIFO cannot be held, which the keeper is told of all the same. */
  async #tellAgain(id: string, ask: Ask = this.#ask): Promise<void> {
    const known = this.#apps.get(id);
    if (known === undefined) return;
    const fault = await this.#find(known);
    // There is another run meanwhile, or none.
    if (this.#apps.get(id) !== known) return this.#release(known);
    await this.#tell(id, known, false, ask);
    if (fault !== undefined) throw fault;
    // A process that has left the group may print on; the keeper reads it without us.
    if (known.ended) await this.#release(known);
    if (known.removed === true) await this.#isReadOn(id, known, ask);
  }

  /** Holds the FIFOs of an app of a former daemon, once for all who ask. Returns why one cannot be held. */
  #find(known: Known): Promise<Error | undefined> {
    if (known.find === undefined) return Promise.resolve(undefined);
    known.finding ??= this.#search(known, known.find).finally(() => (known.finding = undefined));
    return known.finding;
  }

  async #search(known: Known, find: NonNullable<Known['find']>): Promise<Error | undefined> {
    try {
      for (const [index, stream] of STREAMS.entries()) known.pipes[index] ??= await find(stream);
      known.find = undefined;
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  /** Tells the keeper where an app prints. @throws what it answers, or that it does not. */
  async #tell(id: string, { settings, pipes }: Known, newRun: boolean, ask: Ask): Promise<void> {
    const fifos: Partial<Record<Stream, string>> = {};
    for (const [index, stream] of STREAMS.entries()) {
      const path = this.#files.pipe(id, stream);
      const way = await wayTo(path, pipes[index]);
      if (way === undefined) continue;
      fifos[stream] = way;
      if (way !== path) this.#log.warn({ app: id }, `${path} ${REMOVED}`);
    }
    await ask({ Open: { id, settings, newRun, fifos } });
  }
}
