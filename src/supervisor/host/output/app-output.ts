// Where apps print: into FIFOs that the keeper reads, or, where there are none, into files of their own.
import { type FileHandle, rm } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { AppConfig } from '../../model/app-config.js';
import type { AppOutput } from '../../model/app-record.js';
import type { DaemonCommand, LogSettings } from '../../model/keeper-messages.js';
import { logSettings, type LogDefaults } from '../../model/log-settings.js';
import type { Owner } from '../../model/owner.js';
import { appOwner } from '../start/app-user.js';
import { prepareStateDirectory } from '../../state/own-files.js';
import { stateFiles, type Stream } from '../../state/paths.js';
import { makeFifo, openFifos, STREAMS } from './fifos.js';
import { KeeperLink } from './keeper-link.js';
import { checkOutput, emptyLogs, openOutput, removeIfEmpty, removeIfTold } from './output-files.js';
import { PipedApps } from './piped-apps.js';
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

/** How long, in ms, apps print straight into files before a keeper is tried again. */
const DECIDE_AGAIN = 60_000;

export class AppOutputs {
  readonly keeper: KeeperLink;
  readonly #settings: OutputSettings;
  readonly #files: ReturnType<typeof stateFiles>;
  readonly #apps: PipedApps;
  #kind: Promise<AppOutput> | undefined;

  constructor(settings: OutputSettings) {
    this.#settings = settings;
    this.#files = stateFiles(settings.directory);
    this.#apps = new PipedApps(
      this.#files,
      settings.log,
      (request) => this.keeper.ask(request),
      (request) => this.keeper.askIfUp(request),
    );
    this.keeper = new KeeperLink({
      ...settings,
      needed: () => this.#apps.any,
      onUp: (ask) => this.#apps.tellAll(ask),
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
   * @param owner The app's user and group, if it runs as another user than ours. An app opens /dev/stdout by the rights
   *   of the FIFO, which only its owner may open.
   * @throws {Error} that names the file.
   */
  async open(id: string, config: AppConfig, kind: AppOutput, owner: Owner | undefined): Promise<OpenOutput> {
    const settings = logSettings(config, this.#settings.defaults, owner);
    if (kind === 'files') return this.#openFiles(id, settings, owner);
    await checkOutput(this.#files.streamLogs(id, settings.format === 'raw'));
    await prepareStateDirectory(this.#files.pipes);
    for (const stream of STREAMS) await makeFifo(this.#files.pipe(id, stream), owner);
    await this.#apps.begin(id, settings, await openFifos(this.#files, id));
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
    const settings = logSettings(config, this.#settings.defaults, await appOwner(config));
    await this.#apps.adopt(id, settings, leader, processes);
  }

  /** Checks that the output could be opened, and changes nothing of what is there. @throws {Error} that names the file. */
  async check(id: string, config: AppConfig): Promise<void> {
    const settings = logSettings(config, this.#settings.defaults, undefined);
    const raw = settings.format === 'raw' || (await this.kind()) === 'files';
    await checkOutput(this.#files.streamLogs(id, raw));
  }

  /** The app has ended: when all that it has printed is kept, its FIFOs are let go. */
  ended(id: string): void {
    this.#apps.ended(id);
  }

  /** Resolves when all that an app has printed until now is in its log; null for all apps. */
  async sync(id: string | null): Promise<void> {
    await this.keeper.askIfUp({ Sync: { id } });
  }

  /** The generation of the log of each app; null when no keeper tells it. */
  async generations(ids: readonly string[]): Promise<readonly number[] | null> {
    const told = await this.keeper.askIfUp({ Generations: { ids } });
    return told === undefined ? null : (JSON.parse(told) as number[]);
  }

  /** Empties an app's log. One that prints straight into files must have ended. */
  async flush(id: string, config: AppConfig): Promise<void> {
    if ((await this.kind()) === 'files') {
      await emptyLogs(Object.values(this.#files.streamLogs(id, true)), this.#files.log(id));
      return;
    }
    const settings = logSettings(config, this.#settings.defaults, await appOwner(config));
    await this.keeper.ask({ Flush: { id, settings } });
  }

  /** The app is gone for good. The log of one that never printed anything is useless. */
  async remove(id: string): Promise<void> {
    await this.sync(id);
    // The keeper removes the FIFOs then, when what the app has left does not print any more.
    if (await this.#apps.remove(id)) return;
    for (const stream of STREAMS) await rm(this.#files.pipe(id, stream), { force: true });
    for (const path of this.#files.everyLog(id)) {
      await removeIfEmpty(path);
      await removeIfTold(this.#files.unwritten(path));
    }
  }

  /** The daemon ends as it was told to. Resolves when the keeper knows, and the FIFOs are let go. */
  async leave(): Promise<void> {
    this.#apps.close();
    // The FIFOs are held until then: a keeper that has just been started may still be told of them.
    await this.keeper.leave();
    await this.#apps.letGo();
  }

  /** Lets go of everything, as a daemon that dies does. */
  close(): void {
    this.#apps.close();
    this.keeper.close();
    this.#apps.letGo().catch(() => undefined);
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
}
