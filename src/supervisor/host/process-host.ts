// The process host, on the main thread: it owns the processes and the truth about them, and decides nothing.
import type { Logger } from 'pino';
import type { Clock } from '../../clock.js';
import type { AppConfig } from '../model/app-config.js';
import type { AppRecord, DecidedRecord, Environment } from '../model/app-record.js';
import { milliseconds } from '../model/durations.js';
import type { AppInventory, HostFunctions, SpawnedApp } from '../model/host-functions.js';
import { nextNonce, runMark } from '../model/mark.js';
import type { stateFiles } from '../state/paths.js';
import { Store } from '../state/store.js';
import { system } from '../system/system.js';
import { HeldApp } from './held-app.js';
import { giveUp } from './give-up.js';
import { watchRecords } from './lost-records.js';
import { formerApps } from './former-apps.js';
import { learnStart } from './start/learn-start.js';
import { LookUps } from './start/look-up.js';
import { removeFiles } from './remove-files.js';
import { Notices } from './notices.js';
import { AppOutputs, type OutputSettings } from './output/app-output.js';
import { checkSpawn, type SoftLimit, spawnApp, type SpawnSurroundings } from './start/spawn.js';
import { AppFiles, type HeldByRun } from './windows/app-files.js';
import { StopPatience } from './stop-patience.js';
import { allSurvivors, endSurvivors, processesOf, survivorsOf } from './survivors.js';

/** The things that all apps of a host share. */
export interface HostSettings {
  readonly files: ReturnType<typeof stateFiles>;
  readonly log: Logger;
  readonly clock: Clock;
  /** How apps get the soft limit of open files that the daemon was started with; undefined for the daemon's own. */
  readonly limit: SoftLimit | undefined;
  /** Where the daemon listens. */
  readonly socket: string;
  readonly output: Omit<OutputSettings, 'log' | 'openFiles'>;
}

export class ProcessHost {
  readonly #settings: HostSettings;
  readonly #apps = new Map<string, HeldApp>();
  readonly #store: Store;
  readonly outputs: AppOutputs;
  readonly #lookUps = new LookUps();
  readonly #notices = new Notices();
  readonly #patience: StopPatience;
  readonly #stopWatching: () => void;
  #adopted: Promise<void> | undefined;
  /** Whether events have subscribers. */
  subscribers: () => boolean = () => true;

  constructor(settings: HostSettings) {
    this.#settings = settings;
    this.#patience = new StopPatience(settings.clock);
    this.outputs = new AppOutputs({
      ...settings.output,
      log: settings.log,
      openFiles: settings.limit?.openFiles,
    });
    this.#store = new Store(settings.files.app, (error) =>
      settings.log.error({ err: error }, 'the state cannot be written and is tried again'),
    );
    this.#stopWatching = watchRecords(settings.files, () => this.#apps.values(), this.#store);
  }

  /** The functions that the supervisor may call. */
  functions(): HostFunctions {
    return {
      inventory: () => this.#inventory(),
      notices: (after) => this.#notices.after(after),
      checkSpawn: (id, config, environment) => this.#checkSpawn(id, config, environment),
      spawn: (id, decided) => this.#spawn(id, decided),
      signal: (id, signal) => this.#apps.get(id)?.signal(signal) ?? false,
      whyItLives: (id) => this.#apps.get(id)?.whyItLives() ?? null,
      save: (id, decided) => this.#save(id, decided),
      remove: (id) => this.#remove(id),
      escaped: (id) => this.#escaped(id),
      allEscaped: () => allSurvivors([...this.#apps.values()]),
      endEscaped: (id, lastRuns) => this.#endEscaped(id, lastRuns),
      keeper: () => this.#keeper(),
      syncOutput: (id) => this.outputs.sync(id),
      generations: (ids) => this.outputs.generations(ids),
      flushOutput: (id) => this.#flushOutput(id),
      processTable: () => system.processTable(),
      listened: () => this.subscribers(),
      killEscaped: () => this.#patience.killEscaped(),
      killsEscaped: () => this.#patience.killsEscaped,
      stopped: () => this.#patience.stopped(),
    };
  }

  /** Asks the supervisor to stop all apps. Resolves when it has, or when it takes too long; then all apps are killed. */
  async shutDown(): Promise<void> {
    const timeouts = [...this.#apps.values()].map(({ record }) => milliseconds(record.config.stop_timeout));
    this.#notices.tell({ type: 'shutdown' });
    const inTime = await this.#patience.wait(Math.max(0, ...timeouts));
    // A supervisor that has died stops nothing.
    await this.#settled();
    for (const app of this.#apps.values()) app.signal('SIGKILL');
    if (!inTime) await giveUp([...this.#apps.values()], this.#patience, this.#settings.log);
    await this.#store.flush();
  }

  /** The ids of the apps that run, or are just being started. */
  running(): string[] {
    const running = [...this.#apps].filter(([, { live, spawning }]) => live || spawning !== undefined);
    return running.map(([id]) => id).sort();
  }

  /** Stops watching. Running apps keep running. */
  close(): void {
    this.#stopWatching();
    for (const app of this.#apps.values()) app.close();
    this.outputs.close();
  }

  async #inventory(): Promise<{ apps: readonly AppInventory[]; sequence: number }> {
    // Not before: the daemon has its endpoint now, so no other one reads, writes or adopts here.
    this.#adopted ??= this.#adoptAll().catch((error: unknown) => {
      this.#adopted = undefined;
      throw error;
    });
    await this.#adopted;
    // A process that a former supervisor is starting belongs to the app too; an app that it is removing does not count any more.
    await this.#settled();
    return {
      apps: [...this.#apps.values()].map(({ record, live, exit }) => ({
        record,
        live,
        exit,
        intoFiles: record.output !== 'pipes',
      })),
      sequence: this.#notices.restart(),
    };
  }

  /** Resolves when everything that a former supervisor has begun is done. */
  async #settled(): Promise<void> {
    await Promise.all([...this.#apps.values()].map(({ underWay }) => underWay));
  }

  #surroundings(mark: string, environment: Environment | null): SpawnSurroundings {
    const { limit, socket } = this.#settings;
    return { mark, limit, base: environment ?? process.env, socket, lookUps: this.#lookUps };
  }

  #checkSpawn(id: string, config: AppConfig, environment: Environment | null): Promise<void> {
    const output = this.#apps.has(id) ? () => this.outputs.check(id, config) : undefined;
    return checkSpawn(config, output, this.#surroundings('', environment));
  }

  async #spawn(id: string, decided: DecidedRecord): Promise<SpawnedApp> {
    const former = this.#apps.get(id);
    if (former?.live || former?.spawning) throw new Error(`${id} runs already`);
    former?.close();
    const nonce = nextNonce(former?.record.nonce);
    const app = this.#hold({ version: 1, id, ...decided, nonce, process: null });
    return app.whileSpawning(this.#begin(app, former === undefined));
  }

  async #begin(app: HeldApp, isNew: boolean): Promise<SpawnedApp> {
    const { id, config } = app.record;
    const output = await this.outputs.kind();
    app.record = { ...app.record, output };
    // Before the spawn: if the daemon is killed in between, the next one finds the process by its mark.
    await this.#store.save(id, app.record).catch((error: unknown) => {
      // An app that the next daemon would not know is not started. One that it knows is: its mark tells a later run.
      if (!isNew) return;
      this.#apps.delete(id);
      throw new Error(`its state cannot be written: ${(error as Error).message}`);
    });
    const { child, pid, offsets, held } = await spawnApp(
      config,
      (owner) => this.outputs.open(id, config, output, owner),
      () => this.#holdFile(app.record),
      this.#surroundings(runMark(app.record), app.record.environment),
    );
    await app.spawned(child, pid, held);
    if (held !== undefined) learnStart(app, pid, () => this.#store.save(id, app.record), this.#settings.log);
    return { pid, startedAt: Date.now(), offsets };
  }

  /** The file that tells of a run's life, where there are no groups. @throws {Error} while an earlier run still lives. */
  async #holdFile({ id, nonce }: AppRecord): Promise<HeldByRun | undefined> {
    return system.tellsGroups ? undefined : new AppFiles(this.#settings.files.held).holdAlone(id, nonce);
  }

  async #keeper(): Promise<string | null> {
    return (await this.outputs.kind()) === 'pipes' ? (this.outputs.keeper.path ?? null) : null;
  }

  async #flushOutput(id: string): Promise<void> {
    const app = this.#apps.get(id);
    if (app === undefined) return;
    if (app.live && app.record.output === 'files')
      throw new Error(`${id} prints straight into its files; stop it first`);
    await this.outputs.flush(id, app.record.config);
  }

  #hold(record: AppRecord): HeldApp {
    const app = new HeldApp(record, (pid, exit) => {
      this.outputs.ended(record.id);
      this.#notices.tell({ type: 'exited', id: record.id, pid, exit });
    });
    this.#apps.set(record.id, app);
    return app;
  }

  async #save(id: string, decided: DecidedRecord): Promise<void> {
    const app = this.#apps.get(id);
    if (!app) return;
    app.record = { ...app.record, ...decided };
    await this.#store.save(id, app.record);
  }

  async #remove(id: string): Promise<void> {
    const app = this.#apps.get(id);
    if (app?.live || app?.spawning) throw new Error(`${id} still runs`);
    const removal = removeFiles(id, this.outputs, this.#settings.files.held, this.#store).then(() => {
      app?.close();
      // An app whose files are still there can be removed again, or started.
      this.#apps.delete(id);
    });
    await (app === undefined ? removal : app.whileRemoving(removal));
  }

  async #escaped(id: string): Promise<number[]> {
    const app = this.#apps.get(id);
    return app ? (await survivorsOf(app)).map(({ pid }) => pid) : [];
  }

  async #endEscaped(id: string, lastRuns: number | undefined): Promise<number[]> {
    const app = this.#apps.get(id);
    return app ? endSurvivors(app, lastRuns) : [];
  }

  /** Reads what a former daemon has left: of each app a process may run, may have been started unseen, or may be gone. */
  async #adoptAll(): Promise<void> {
    const all = await formerApps(this.#settings.files, this.#settings.log);
    for (const { record, found } of all) this.#hold(record).adopt(found);
    await Promise.all(all.map(({ record }) => this.#adoptOutput(record)));
  }

  async #adoptOutput(record: AppRecord): Promise<void> {
    const { id, config, output } = record;
    if (output !== 'pipes') return;
    const app = this.#apps.get(id);
    const leader = app?.live === true ? app.record.process?.pid : undefined;
    await this.outputs.adopt(id, config, leader, () => processesOf(record));
  }
}
