// Where apps print: into FIFOs that the keeper reads, or, where there are none, into files of their own.
import { type FileHandle, rm } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { AppConfig } from '../../model/app-config.js';
import type { AppOutput } from '../../model/app-record.js';
import type { DaemonCommand, KeeperRequest, LogSettings } from '../../model/keeper-messages.js';
import { logSettings, type LogDefaults } from '../../model/log-settings.js';
import { type Owner, ownerOf } from '../../model/owner.js';
import { prepareStateDirectory } from '../../state/own-files.js';
import { stateFiles, type Stream } from '../../state/paths.js';
import { findFifo, makeFifo, openFifos, STREAMS, wayTo } from './fifos.js';
import { KeeperLink } from './keeper-link.js';
import { checkOutput, closeAll, emptyLogs, openOutput, removeIfEmpty, removeIfTold } from './output-files.js';
import { putAsideIfFull } from './put-aside.js';

/** What an app's process gets as its stdout and stderr. */
export interface OpenOutput {
  readonly stdout: FileHandle;
  readonly stderr: FileHandle;
  /** Sizes in bytes of its own files before it writes to them; null when it prints into FIFOs. */
  readonly offsets: Readonly<Record<Stream, number>> | null;
}

export interface OutputSettings {
  readonly directory: string;
  readonly log: Logger;
  readonly defaults: LogDefaults;
  readonly again: DaemonCommand | null;
  /** See `KeeperSettings.openFiles`. */
  readonly openFiles: number | undefined;
}

/** An app that prints into FIFOs. */
interface Known {
  readonly settings: LogSettings;
  /** While it runs they are held open, so that nothing in them is lost while the keeper is away. */
  readonly pipes: (FileHandle | undefined)[];
  /** Whether it has ended. */
  ended: boolean;
}

/** How long, in ms, apps print straight into files before a keeper is tried again. */
const DECIDE_AGAIN = 60_000;

export class AppOutputs {
  readonly keeper: KeeperLink;
  readonly #settings: OutputSettings;
  readonly #files: ReturnType<typeof stateFiles>;
  readonly #known = new Map<string, Known>();
  #kind: Promise<AppOutput> | undefined;

  constructor(settings: OutputSettings) {
    this.#settings = settings;
    this.#files = stateFiles(settings.directory);
    this.keeper = new KeeperLink({
      ...settings,
      needed: () => this.#known.size > 0,
      onUp: async (ask) => {
        for (const [id, known] of this.#known)
          await this.#tell(id, known, false, ask)
            // What has left its process group may print on, and is read without us.
            .then(() => (known.ended ? this.#release(known) : undefined))
            // What is wrong with one app is not the fault of the next one.
            .catch((err: unknown) => this.#untold(id, known, err));
      },
    });
  }

  /** How apps print from now on: into FIFOs if they can be made here and a keeper runs. */
  kind(): Promise<AppOutput> {
    this.#kind ??= this.#decide();
    return this.#kind;
  }

  /**
   * Opens the output of an app for its next run.
   *
   * @param owner The app's user and group, if it runs as another user than ours: an app opens /dev/stdout by the
   *   rights of the FIFO, which is for its owner alone.
   * @throws {Error} that names the file.
   */
  async open(id: string, config: AppConfig, kind: AppOutput, owner: Owner | undefined): Promise<OpenOutput> {
    const settings = logSettings(config, this.#settings.defaults, owner);
    if (kind === 'files') return this.#openFiles(id, settings, owner);
    await checkOutput(this.#files.streamLogs(id, settings.format === 'raw'));
    await prepareStateDirectory(this.#files.pipes);
    for (const stream of STREAMS) await makeFifo(this.#files.pipe(id, stream), owner);
    const known = await this.#hold(id, settings, await openFifos(this.#files, id));
    // Else its output waits in the FIFO for the next keeper, which is told of it.
    await this.#tell(id, known, true).catch((err: unknown) => this.#untold(id, known, err));
    const [stdout, stderr] = await openFifos(this.#files, id);
    return { stdout, stderr, offsets: null };
  }

  /**
   * Takes over the output of an app of a former daemon, whether it still runs or not.
   *
   * @param leader The number of its process, if that runs.
   * @param processes The numbers of all processes that it has left.
   */
  async adopt(
    id: string,
    config: AppConfig,
    leader: number | undefined,
    processes: () => Promise<readonly number[]>,
  ): Promise<void> {
    const settings = logSettings(config, this.#settings.defaults, ownerOf(config));
    const find = (stream: Stream): Promise<FileHandle | undefined> =>
      findFifo(this.#files.pipe(id, stream), leader, processes);
    const pipes = [await find('stdout'), await find('stderr')];
    const known = await this.#hold(id, settings, pipes);
    known.ended = leader === undefined;
    await this.#tell(id, known, false);
    if (known.ended) await this.#release(known);
  }

  /** Checks that the output could be opened, and changes nothing of what is there. @throws {Error} that names the file. */
  async check(id: string, config: AppConfig): Promise<void> {
    const settings = logSettings(config, this.#settings.defaults, undefined);
    const raw = settings.format === 'raw' || (await this.kind()) === 'files';
    await checkOutput(this.#files.streamLogs(id, raw));
  }

  /** The app has ended: when all that it has printed is kept, its FIFOs are let go. */
  ended(id: string): void {
    const known = this.#known.get(id);
    if (known === undefined) return;
    known.ended = true;
    this.keeper
      .ask({ Sync: { id } })
      .then(() => this.#release(known))
      // The keeper is away: they are held until it is back.
      .catch(() => undefined);
  }

  async #release(known: Known): Promise<void> {
    await closeAll(known.pipes.splice(0));
  }

  /** Resolves when all that an app has printed until now is in its log; null for all apps. */
  async sync(id: string | null): Promise<void> {
    await this.keeper.askIfUp({ Sync: { id } });
  }

  /** Empties an app's log. One that prints straight into files must have ended. */
  async flush(id: string, config: AppConfig): Promise<void> {
    if ((await this.kind()) === 'files') {
      await emptyLogs(Object.values(this.#files.streamLogs(id, true)), this.#files.log(id));
      return;
    }
    const settings = logSettings(config, this.#settings.defaults, ownerOf(config));
    await this.keeper.ask({ Flush: { id, settings } });
  }

  /** The app is gone for good. The log of one that never printed anything is useless. */
  async remove(id: string): Promise<void> {
    await this.sync(id);
    const known = this.#known.get(id);
    this.#known.delete(id);
    await closeAll(known?.pipes ?? []);
    for (const stream of STREAMS) await rm(this.#files.pipe(id, stream), { force: true });
    for (const path of this.#files.everyLog(id)) {
      await removeIfEmpty(path);
      await removeIfTold(this.#files.unwritten(path));
    }
  }

  /** The daemon ends as it was told to. Resolves when the keeper knows, and the FIFOs are let go. */
  async leave(): Promise<void> {
    await this.#letGo();
    await this.keeper.leave();
  }

  /** Lets go of everything, as a daemon that dies does. */
  close(): void {
    this.keeper.close();
    this.#letGo().catch(() => undefined);
  }

  async #letGo(): Promise<void> {
    const all = [...this.#known.values()].flatMap(({ pipes }) => pipes);
    this.#known.clear();
    await closeAll(all);
  }

  async #decide(): Promise<AppOutput> {
    if (process.platform === 'win32') return 'files';
    try {
      await prepareStateDirectory(this.#files.pipes);
      await makeFifo(this.#files.pipe('', 'stdout'), undefined);
      await rm(this.#files.pipe('', 'stdout'));
      await this.keeper.ready();
      return 'pipes';
    } catch (err) {
      this.#settings.log.warn(
        { err },
        'apps print straight into files: there is no keeper of their output, so nothing is rotated and lines have no times',
      );
      // A machine that was too busy for it may have time later.
      setTimeout(() => (this.#kind = undefined), DECIDE_AGAIN).unref();
      return 'files';
    }
  }

  async #openFiles(id: string, settings: LogSettings, owner: Owner | undefined): Promise<OpenOutput> {
    const paths = this.#files.streamLogs(id, true);
    for (const path of Object.values(paths))
      await putAsideIfFull(path, settings).catch((err: unknown) =>
        this.#settings.log.warn({ err, app: id }, 'the log of an app could not be put aside and grows on'),
      );
    return openOutput(paths, owner);
  }

  async #hold(id: string, settings: LogSettings, pipes: readonly (FileHandle | undefined)[]): Promise<Known> {
    const former = this.#known.get(id);
    const known = { settings, pipes: [...pipes], ended: false };
    this.#known.set(id, known);
    await closeAll(former?.pipes ?? []);
    return known;
  }

  /** Tells the keeper where an app prints. @throws what it answers, or that it does not. */
  async #tell(
    id: string,
    { settings, pipes }: Known,
    newRun: boolean,
    ask: (request: KeeperRequest) => Promise<unknown> = (request) => this.keeper.ask(request),
  ): Promise<void> {
    const fifos: Partial<Record<Stream, string>> = {};
    for (const [index, stream] of STREAMS.entries()) {
      const path = this.#files.pipe(id, stream);
      const way = await wayTo(path, pipes[index]);
      if (way === undefined) continue;
      fifos[stream] = way;
      if (way !== path) this.#settings.log.warn({ app: id }, `${path} ${REMOVED}`);
    }
    await ask({ Open: { id, settings, newRun, fifos } });
  }

  #untold(id: string, { ended }: Known, err: unknown): void {
    if (!ended)
      this.#settings.log.error({ app: id, err }, 'the keeper of the output could not be told of an app');
  }
}

const REMOVED =
  'was removed or renamed while the app runs; what it prints is read all the same, and its next run gets a new one';
