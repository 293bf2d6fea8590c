// The process host, on the main thread: owns the children and the truth about them, decides nothing.
import type { Logger } from 'pino';
import { restOf, survivorOf } from './adoption.js';
import type { AppConfig } from '../model/app-config.js';
import { milliseconds } from '../model/durations.js';
import { Notices } from './notices.js';
import type { AppRecord, DecidedRecord, Environment } from '../model/app-record.js';
import { type Exit, UNKNOWN_EXIT } from '../model/app-state.js';
import type { AppInventory, HostFunctions, SpawnedApp } from '../model/host-functions.js';
import { appMark, nextNonce, runMark } from '../model/mark.js';
import type { stateFiles } from '../state/paths.js';
import { endProcesses } from './end-processes.js';
import { endGroup } from './group-end.js';
import { identify, isAlive, processesWithMarkPrefix, sendSignal } from '../system/processes.js';
import { poll } from './poll.js';
import { removeIfEmpty } from './output-files.js';
import { checkSpawn, spawnApp, type SpawnSurroundings } from './spawn.js';
import { checkedRecords } from '../state/records.js';
import { Store } from '../state/store.js';

/** How often, in ms, it is looked whether an adopted process still lives. */
const LOOK_EVERY = 200;

interface Held {
  record: AppRecord;
  live: boolean;
  exit: Exit | null;
  /** Ends the looks at an adopted process or at a group's rest. */
  unwatch: (() => void) | undefined;
}

/**
 * The functions of a host, as a supervisor calls them. They are short, or only wait. The supervisor may die at any moment and a
 * new one ask for the inventory.
 */
export class ProcessHost {
  readonly #files: ReturnType<typeof stateFiles>;
  readonly #log: Logger;
  readonly #openFiles: number | undefined;
  readonly #socket: string;
  readonly #apps = new Map<string, Held>();
  readonly #store: Store;
  #read = false;
  readonly #notices = new Notices();
  readonly #stopped: Promise<void>;
  #onStopped!: () => void;
  /** Whether somebody listens to events. */
  subscribers: () => boolean = () => true;

  /** @param around Apps' limit of open files, and the daemon's socket; see `spawnApp`. */
  constructor(
    files: ReturnType<typeof stateFiles>,
    log: Logger,
    around: Pick<SpawnSurroundings, 'openFiles' | 'socket'>,
  ) {
    this.#files = files;
    this.#log = log;
    this.#openFiles = around.openFiles;
    this.#socket = around.socket;
    this.#stopped = new Promise((resolve) => {
      this.#onStopped = resolve;
    });
    this.#store = new Store(files.app, (error) =>
      log.error({ err: error }, 'the state cannot be written and is tried again'),
    );
  }

  /** The table of functions for the supervisor: what it may call, and nothing else of this. */
  functions(): HostFunctions {
    return {
      inventory: () => this.#inventory(),
      notices: (after) => this.#notices.after(after),
      checkSpawn: (config, environment) => this.#checkSpawn(config, environment),
      spawn: (id, decided) => this.#spawn(id, decided),
      signal: (id, signal) => this.#signal(id, signal),
      save: (id, decided) => this.#save(id, decided),
      remove: (id) => this.#remove(id),
      escaped: (id) => this.#escaped(id),
      endEscaped: (id) => this.#endEscaped(id),
      listened: () => this.subscribers(),
      stopped: () => this.#onStopped(),
    };
  }

  /** Asks the supervisor to stop all apps; resolves when it has, or when `patience` ms are over. */
  async shutDown(): Promise<void> {
    const patience = Math.max(
      0,
      ...[...this.#apps.values()].map(({ record }) => milliseconds(record.config.stop_timeout)),
    );
    this.#notices.tell({ type: 'shutdown' });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patience + 10_000);
    });
    await Promise.race([this.#stopped, late]);
    clearTimeout(timer);
    // A supervisor that is gone has stopped nobody.
    for (const id of this.#apps.keys()) this.#signal(id, 'SIGKILL');
    await this.#store.flush();
  }

  /** Looks no more; what runs, runs on. */
  close(): void {
    for (const { unwatch } of this.#apps.values()) unwatch?.();
  }

  #inventory(): { apps: AppInventory[]; sequence: number } {
    // Read now and not before: the daemon has its endpoint, so no other one reads, writes or adopts here.
    if (!this.#read) {
      this.#read = true;
      const onFault = (file: string, err: Error): void =>
        this.#log.error({ err, file }, 'a state file is no record of an app and was put aside');
      for (const record of checkedRecords(this.#files.apps, onFault)) this.#adopt(record);
    }
    return {
      apps: [...this.#apps.values()].map(({ record, live, exit }) => ({ record, live, exit })),
      sequence: this.#notices.restart(),
    };
  }

  async #checkSpawn(config: AppConfig, environment: Environment | null): Promise<void> {
    checkSpawn(config, this.#surroundings('', environment));
  }

  #surroundings(mark: string, environment: Environment | null): SpawnSurroundings {
    return { mark, openFiles: this.#openFiles, base: environment ?? process.env, socket: this.#socket };
  }

  async #spawn(id: string, decided: DecidedRecord): Promise<SpawnedApp> {
    const former = this.#apps.get(id);
    if (former?.live) throw new Error(`${id} runs already`);
    former?.unwatch?.();
    const nonce = nextNonce(former?.record.nonce);
    const held: Held = {
      record: { version: 1, id, ...decided, nonce, process: null },
      live: false,
      exit: null,
      unwatch: undefined,
    };
    this.#apps.set(id, held);
    // Before the spawn: a daemon killed in between finds the process by its mark.
    await this.#store.save(id, held.record).catch((error: unknown) => {
      // A new app that nobody would know of later is not started; one that is known goes on, with the mark by which
      // it is known.
      if (former) {
        held.record = { ...held.record, nonce: former.record.nonce };
        return;
      }
      this.#apps.delete(id);
      throw new Error(`its state cannot be written: ${(error as Error).message}`);
    });
    const { child, pid, offsets } = await spawnApp(
      decided.config,
      { stdout: this.#files.log(id, 'stdout'), stderr: this.#files.log(id, 'stderr') },
      this.#surroundings(runMark(held.record), decided.environment),
    );
    held.live = true;
    held.record = { ...held.record, process: identify(pid) };
    const ended = (code: number | null, signal: NodeJS.Signals | null): void =>
      this.#leaderEnded(held, pid, { code, signal, unknown: false });
    if (child.exitCode !== null || child.signalCode !== null) ended(child.exitCode, child.signalCode);
    else child.once('exit', ended);
    return { pid, startedAt: Date.now(), offsets };
  }

  /** The app is gone when its group is. */
  #leaderEnded(held: Held, pid: number, exit: Exit): void {
    held.unwatch = endGroup(pid, milliseconds(held.record.config.stop_timeout), () =>
      this.#gone(held, pid, exit),
    );
  }

  #gone(held: Held, pid: number, exit: Exit): void {
    held.unwatch = undefined;
    held.live = false;
    held.exit = exit;
    held.record = { ...held.record, process: null };
    this.#notices.tell({ type: 'exited', id: held.record.id, pid, exit });
  }

  #signal(id: string, signal: 'SIGTERM' | 'SIGKILL'): boolean {
    const held = this.#apps.get(id);
    const pid = held?.record.process?.pid;
    if (!held?.live || pid === undefined) return false;
    return sendSignal(-pid, signal) || sendSignal(pid, signal);
  }

  async #save(id: string, decided: DecidedRecord): Promise<void> {
    const held = this.#apps.get(id);
    if (!held) return;
    held.record = { ...held.record, ...decided };
    await this.#store.save(id, held.record);
  }

  async #remove(id: string): Promise<void> {
    const held = this.#apps.get(id);
    if (held?.live) throw new Error(`${id} still runs`);
    held?.unwatch?.();
    this.#apps.delete(id);
    // The log of an app that never said anything tells nobody anything.
    for (const stream of ['stdout', 'stderr'] as const) removeIfEmpty(this.#files.log(id, stream));
    await this.#store.save(id, null);
  }

  #escaped(id: string): number[] {
    const held = this.#apps.get(id);
    return held ? processesWithMarkPrefix(appMark(held.record)) : [];
  }

  async #endEscaped(id: string): Promise<number[]> {
    const held = this.#apps.get(id);
    if (!held) return [];
    return endProcesses(() => this.#escaped(id), milliseconds(held.record.config.stop_timeout));
  }

  /** What a former daemon left: the process may run, may have been spawned unseen, or may be gone. */
  #adopt(record: AppRecord): void {
    const found = survivorOf(record);
    const held: Held = {
      record: { ...record, process: found },
      live: found !== null,
      exit: found || !record.state.pid ? null : UNKNOWN_EXIT,
      unwatch: undefined,
    };
    this.#apps.set(record.id, held);
    if (found) {
      this.#log.info({ app: record.id, appPid: found.pid }, 'adopted an app that runs');
      held.unwatch = poll(LOOK_EVERY, () => {
        if (isAlive(found)) return;
        held.unwatch?.();
        this.#leaderEnded(held, found.pid, UNKNOWN_EXIT);
      });
      return;
    }
    const rest = restOf(record);
    if (!rest) return;
    held.live = true;
    held.record = { ...held.record, process: rest };
    this.#leaderEnded(held, rest.pid, UNKNOWN_EXIT);
  }
}
