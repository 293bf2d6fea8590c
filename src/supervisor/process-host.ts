// The process host, on the main thread: owns the children and the truth about them, decides nothing.
import { randomBytes } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import type { Logger } from 'pino';
import { type AppConfig, milliseconds } from './app-config.js';
import type { AppState, Exit } from './machine.js';
import type { stateFiles } from './paths.js';
import {
  bootId,
  groupLives,
  identify,
  isAlive,
  markedProcesses,
  type ProcessIdentity,
  statOf,
} from './processes.js';
import { spawnApp } from './spawn.js';
import { type AppRecord, readRecords, Store } from './store.js';

/** What happened on main, in order. */
export type Fact = { readonly sequence: number } & (
  | { readonly type: 'exited'; readonly id: string; readonly pid: number; readonly exit: Exit }
  /** Stop all apps, then call `stopped`. */
  | { readonly type: 'shutdown' }
);

/** How an app is to be taken over by a new supervisor. */
export interface AppTruth {
  readonly record: AppRecord;
  readonly live: boolean;
  /** How its process ended, if that was seen. */
  readonly exit: Exit | null;
}

/** How often, in ms, it is looked whether an adopted process, or what is left of a group, still lives. */
const LOOK_EVERY = 200;
const KEPT_FACTS = 10_000;

interface Held {
  record: AppRecord;
  live: boolean;
  exit: Exit | null;
  /** Ends the looks at an adopted process or at a group's rest. */
  unwatch: (() => void) | undefined;
}

/**
 * The functions of a host, as a supervisor calls them. They are short, or only wait. The supervisor may die at any moment and a
 * new one ask for {@link truth}.
 */
export class ProcessHost {
  readonly #files: ReturnType<typeof stateFiles>;
  readonly #log: Logger;
  readonly #openFiles: number | undefined;
  readonly #apps = new Map<string, Held>();
  readonly #store: Store;
  #read = false;
  #facts: Fact[] = [];
  #sequence = 0;
  #wake: (() => void) | undefined;
  readonly #stopped: Promise<void>;
  #onStopped!: () => void;
  /** Whether somebody listens to events. */
  subscribers: () => boolean = () => true;

  /** @param openFiles The limit apps get; see `spawnApp`. */
  constructor(files: ReturnType<typeof stateFiles>, log: Logger, openFiles: number | undefined) {
    this.#files = files;
    this.#log = log;
    this.#openFiles = openFiles;
    this.#stopped = new Promise((resolve) => {
      this.#onStopped = resolve;
    });
    this.#store = new Store(files.app, (error) =>
      log.error({ err: error }, 'the state cannot be written and is tried again'),
    );
  }

  /** The table of functions for the supervisor: what it may call, and nothing else of this. */
  functions() {
    return {
      truth: () => this.#truth(),
      facts: (after: number) => this.#factsAfter(after),
      spawn: (id: string, config: AppConfig, state: AppState) => this.#spawn(id, config, state),
      signal: (id: string, signal: 'SIGTERM' | 'SIGKILL') => this.#signal(id, signal),
      save: (id: string, config: AppConfig, state: AppState) => this.#save(id, config, state),
      remove: (id: string) => this.#remove(id),
      escaped: (id: string) => this.#escaped(id),
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
    this.#tell({ type: 'shutdown' });
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

  #truth(): { apps: AppTruth[]; sequence: number } {
    // Read now and not before: the daemon has its endpoint, so no other one reads, writes or adopts here.
    if (!this.#read) {
      this.#read = true;
      const onFault = (file: string, err: Error): void =>
        this.#log.error({ err, file }, 'a state file is left out');
      for (const record of readRecords(this.#files.apps, onFault)) this.#adopt(record);
    }
    // What is behind is in the truth already.
    this.#facts = this.#facts.filter(({ type }) => type === 'shutdown');
    return {
      apps: [...this.#apps.values()].map(({ record, live, exit }) => ({ record, live, exit })),
      sequence: (this.#facts[0]?.sequence ?? this.#sequence + 1) - 1,
    };
  }

  async #factsAfter(after: number): Promise<readonly Fact[]> {
    this.#facts = this.#facts.filter(({ sequence }) => sequence > after);
    if (this.#facts.length > 0) return this.#facts;
    this.#wake?.();
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve(this.#facts);
      };
    });
  }

  #tell(fact: Omit<Extract<Fact, { type: 'exited' }>, 'sequence'> | { type: 'shutdown' }): void {
    this.#sequence += 1;
    this.#facts.push({ ...fact, sequence: this.#sequence });
    // The truth has them all; only a supervisor that never asks lets them pile up.
    if (this.#facts.length > KEPT_FACTS) this.#facts.shift();
    this.#wake?.();
  }

  async #spawn(
    id: string,
    config: AppConfig,
    state: AppState,
  ): Promise<{ pid: number; startedAt: number; offsets: Readonly<Record<'stdout' | 'stderr', number>> }> {
    const former = this.#apps.get(id);
    if (former?.live) throw new Error(`${id} runs already`);
    former?.unwatch?.();
    const nonce = randomBytes(8).toString('hex');
    const held: Held = {
      record: { version: 1, id, config, state, nonce, process: null },
      live: false,
      exit: null,
      unwatch: undefined,
    };
    this.#apps.set(id, held);
    // Before the spawn: a daemon killed in between finds the process by its mark.
    await this.#store.save(id, held.record).catch((error: unknown) => {
      // A new app that nobody would know of later is not started; one that is known goes on.
      if (former) return;
      this.#apps.delete(id);
      throw new Error(`its state cannot be written: ${(error as Error).message}`);
    });
    const { child, pid, offsets } = await spawnApp(
      config,
      { stdout: this.#files.log(id, 'stdout'), stderr: this.#files.log(id, 'stderr') },
      `${id}:${nonce}`,
      this.#openFiles,
    );
    held.live = true;
    held.record = { ...held.record, process: identify(pid) };
    const ended = (code: number | null, signal: NodeJS.Signals | null): void =>
      this.#leaderEnded(held, pid, { code, signal, unknown: false });
    if (child.exitCode !== null || child.signalCode !== null) ended(child.exitCode, child.signalCode);
    else child.once('exit', ended);
    return { pid, startedAt: Date.now(), offsets };
  }

  /** What its leader leaves behind in its group would hold its ports; the app is gone when the group is. */
  #leaderEnded(held: Held, pid: number, exit: Exit): void {
    if (!groupLives(pid)) {
      this.#gone(held, pid, exit);
      return;
    }
    const killAt = performance.now() + milliseconds(held.record.config.stop_timeout);
    kill(-pid, 'SIGTERM');
    let killed = false;
    held.unwatch = every(LOOK_EVERY / 4, () => {
      if (!groupLives(pid)) {
        held.unwatch?.();
        this.#gone(held, pid, exit);
      } else if (!killed && performance.now() >= killAt) {
        killed = true;
        kill(-pid, 'SIGKILL');
      }
    });
  }

  #gone(held: Held, pid: number, exit: Exit): void {
    held.unwatch = undefined;
    held.live = false;
    held.exit = exit;
    held.record = { ...held.record, process: null };
    this.#tell({ type: 'exited', id: held.record.id, pid, exit });
  }

  #signal(id: string, signal: 'SIGTERM' | 'SIGKILL'): boolean {
    const held = this.#apps.get(id);
    const pid = held?.record.process?.pid;
    if (!held?.live || pid === undefined) return false;
    return kill(-pid, signal) || kill(pid, signal);
  }

  async #save(id: string, config: AppConfig, state: AppState): Promise<void> {
    const held = this.#apps.get(id);
    if (!held) return;
    held.record = { ...held.record, config, state };
    await this.#store.save(id, held.record);
  }

  async #remove(id: string): Promise<void> {
    const held = this.#apps.get(id);
    if (held?.live) throw new Error(`${id} still runs`);
    held?.unwatch?.();
    this.#apps.delete(id);
    for (const stream of ['stdout', 'stderr'] as const) removeIfEmpty(this.#files.log(id, stream));
    await this.#store.save(id, null);
  }

  #escaped(id: string): number[] {
    const held = this.#apps.get(id);
    return held ? markedProcesses(`${id}:${held.record.nonce}`) : [];
  }

  /** What a former daemon left: the process may run, may have been spawned unseen, or may be gone. */
  #adopt(record: AppRecord): void {
    const found = record.process && isAlive(record.process) ? record.process : this.#findByMark(record);
    const held: Held = {
      record: { ...record, process: found },
      live: found !== null,
      exit: found || !record.state.pid ? null : UNKNOWN,
      unwatch: undefined,
    };
    this.#apps.set(record.id, held);
    if (!found) {
      this.#endRest(held, record);
      return;
    }
    this.#log.info({ app: record.id, pid: found.pid }, 'adopted an app that runs');
    held.unwatch = every(LOOK_EVERY, () => {
      if (isAlive(found)) return;
      held.unwatch?.();
      this.#leaderEnded(held, found.pid, UNKNOWN);
    });
  }

  /** Its leader died unseen, and what it left in its group would hold its ports: the group's end is its end. */
  #endRest(held: Held, { id, nonce, process: former }: AppRecord): void {
    if (!former || former.bootId !== bootId()) return;
    // By the mark too: the group's number may be another's by now.
    if (!markedProcesses(`${id}:${nonce}`).some((pid) => statOf(pid)?.group === former.pid)) return;
    held.live = true;
    held.record = { ...held.record, process: former };
    this.#leaderEnded(held, former.pid, UNKNOWN);
  }

  #findByMark({ id, nonce, state, process: former }: AppRecord): ProcessIdentity | null {
    if (state.status === 'Stopped' || (former && former.bootId !== bootId())) return null;
    for (const pid of markedProcesses(`${id}:${nonce}`)) {
      const identity = identify(pid);
      // The leader of its group is the app itself; others are its children, or have escaped.
      if (isAlive(identity) && groupLives(pid)) return identity;
    }
    return null;
  }
}

/** The log of an app that never said anything tells nobody anything. */
function removeIfEmpty(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.size === 0) rmSync(path, { force: true });
}

/** Nobody but its parent learns how a process ended. */
const UNKNOWN: Exit = { code: null, signal: null, unknown: true };

/** What a supervisor finds as its `host`. */
export type Host = ReturnType<ProcessHost['functions']>;

function kill(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch {
    return false;
  }
}

/** Calls `look` every so many ms until the returned function is called; does not keep the process alive. */
function every(ms: number, look: () => void): () => void {
  const timer = setInterval(look, ms);
  timer.unref();
  return () => clearInterval(timer);
}
