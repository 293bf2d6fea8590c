// Where apps print: into FIFOs that the keeper reads, or, where there are none, into files of their own.
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { chown, type FileHandle, lstat, open, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Logger } from 'pino';
import type { AppConfig } from '../model/app-config.js';
import type { AppOutput } from '../model/app-record.js';
import type { DaemonCommand, LogSettings } from '../model/keeper-messages.js';
import { logSettings, type LogDefaults } from '../model/log-settings.js';
import type { Owner } from '../model/owner.js';
import { prepareStateDirectory } from '../state/own-files.js';
import { stateFiles, type Stream } from '../state/paths.js';
import { KeeperLink } from './keeper-link.js';
import { putAsideIfFull, removeAsides } from './put-aside.js';
import { checkOutput, closeAll, emptyFile, openOutput, removeIfEmpty } from './output-files.js';

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
  pipes: readonly FileHandle[];
  /** Whether it has ended. */
  ended: boolean;
}

const STREAMS = ['stdout', 'stderr'] as const;
/** How long, in ms, apps print straight into files before a keeper is tried again. */
const DECIDE_AGAIN = 60_000;
/** How long, in ms, mkfifo may take. */
const FIFO_PATIENCE = 5000;
const run = promisify(execFile);

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
        for (const [id, known] of this.#known) {
          await ask({ Open: { id, settings: known.settings, newRun: false } });
          // What has left its process group may print on, and is read without us.
          if (known.ended) await this.#release(known);
        }
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
    await checkOutput(this.#logPaths(id, settings));
    await prepareStateDirectory(this.#files.pipes);
    for (const stream of STREAMS) await makeFifo(this.#files.pipe(id, stream), owner);
    await this.#hold(id, settings);
    await this.keeper.ask({ Open: { id, settings, newRun: true } }).catch((error: unknown) => {
      // Its output waits in the FIFO for the next keeper, which is told of it.
      this.#settings.log.error(
        { app: id, err: error },
        'the keeper of the output could not be told of an app',
      );
    });
    const [stdout, stderr] = await openBoth(this.#files, id);
    return { stdout, stderr, offsets: null };
  }

  /** Takes over the output of an app of a former daemon, whether it still runs or not. */
  async adopt(id: string, config: AppConfig, runs: boolean): Promise<void> {
    const settings = logSettings(config, this.#settings.defaults, ownerOf(config));
    if (runs) await this.#hold(id, settings);
    else this.#known.set(id, { settings, pipes: [], ended: true });
    await this.keeper.ask({ Open: { id, settings, newRun: false } });
  }

  /** Checks that the output could be opened, and changes nothing of what is there. @throws {Error} that names the file. */
  async check(id: string, config: AppConfig): Promise<void> {
    const settings = logSettings(config, this.#settings.defaults, undefined);
    await checkOutput((await this.kind()) === 'files' ? this.#rawPaths(id) : this.#logPaths(id, settings));
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
    const { pipes } = known;
    known.pipes = [];
    await closeAll(pipes);
  }

  /** Resolves when all that an app has printed until now is in its log; null for all apps. */
  async sync(id: string | null): Promise<void> {
    await this.keeper.askIfUp({ Sync: { id } });
  }

  /** Empties an app's log. One that prints straight into files must have ended. */
  async flush(id: string, config: AppConfig): Promise<void> {
    if ((await this.kind()) === 'files') {
      for (const path of Object.values(this.#rawPaths(id))) {
        await emptyFile(path);
        await removeAsides(path, 0);
      }
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
    for (const path of [this.#files.log(id), ...STREAMS.map((stream) => this.#files.rawLog(id, stream))])
      await removeIfEmpty(path);
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
    const paths = this.#rawPaths(id);
    for (const path of Object.values(paths))
      await putAsideIfFull(path, settings).catch((err: unknown) =>
        this.#settings.log.warn({ err, app: id }, 'the log of an app could not be put aside and grows on'),
      );
    return openOutput(paths, owner);
  }

  async #hold(id: string, settings: LogSettings): Promise<void> {
    const former = this.#known.get(id);
    this.#known.set(id, { settings, pipes: await openBoth(this.#files, id), ended: false });
    await closeAll(former?.pipes ?? []);
  }

  #rawPaths(id: string) {
    return { stdout: this.#files.rawLog(id, 'stdout'), stderr: this.#files.rawLog(id, 'stderr') };
  }

  #logPaths(id: string, { format }: LogSettings) {
    if (format === 'raw') return this.#rawPaths(id);
    return { stdout: this.#files.log(id), stderr: this.#files.log(id) };
  }
}

function ownerOf({ uid, gid }: AppConfig): Owner | undefined {
  return uid === null ? undefined : { uid, gid: gid ?? uid };
}

/** Both ends: an app that has both never gets SIGPIPE, whatever of ours dies, and opening waits for nobody. */
async function openBoth(
  files: ReturnType<typeof stateFiles>,
  id: string,
): Promise<readonly [FileHandle, FileHandle]> {
  const flags = constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW;
  const stdout = await open(files.pipe(id, 'stdout'), flags);
  try {
    return [stdout, await open(files.pipe(id, 'stderr'), flags)];
  } catch (error) {
    await stdout.close();
    throw error;
  }
}

/** Node has no call for it. */
async function makeFifo(path: string, owner: Owner | undefined): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found !== undefined && !found.isFIFO()) await rm(path, { recursive: true, force: true });
  if (!found?.isFIFO())
    await run('mkfifo', ['-m', '600', path], { env: { PATH: PROGRAMS }, timeout: FIFO_PATIENCE });
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = owner ?? { uid: 0, gid: 0 };
  if (found?.uid !== uid || found.gid !== gid) await chown(path, uid, gid);
}

const PROGRAMS = '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin';
