// One app as the host holds it: its record, and its process from the spawn or the adoption to the end of its group.
import type { ChildProcess } from 'node:child_process';
import type { AppRecord } from '../model/app-record.js';
import { type Exit, UNKNOWN_EXIT } from '../model/app-state.js';
import { milliseconds } from '../model/durations.js';
import type { SpawnedApp } from '../model/host-functions.js';
import { isElsewhere } from '../system/place.js';
import { identifyPatiently, isAlive, type ProcessIdentity, sendSignal } from '../system/processes.js';
import { system } from '../system/system.js';
import type { LeftProcess } from './adoption.js';
import { endOf, mayBeTold } from './end-of.js';
import { poll } from './poll.js';
import type { ProcessEnd } from './process-end.js';

/** Milliseconds between two polls of an adopted process: only a parent is told of an end. */
const POLL_ADOPTED = 200;

export class HeldApp {
  record: AppRecord;
  readonly #onGone: (pid: number, exit: Exit) => void;
  #live = false;
  #closed = false;
  #exit: Exit | null = null;
  #spawning: Promise<SpawnedApp> | undefined;
  #removing: Promise<void> | undefined;
  #end: ProcessEnd | undefined;
  #stopPolling: (() => void) | undefined;
  /** An adopted process is not our child, so its number may become a stranger's. */
  #adopted: ProcessIdentity | undefined;

  /** @param onGone Called when the process group is gone, with its leader's number. */
  constructor(record: AppRecord, onGone: (pid: number, exit: Exit) => void) {
    this.record = record;
    this.#onGone = onGone;
  }

  /** Whether the process or its group lives. */
  get live(): boolean {
    return this.#live;
  }

  /** Whether watching has stopped: another one holds later runs of the app. */
  get closed(): boolean {
    return this.#closed;
  }

  /** How the process ended, if that was seen. */
  get exit(): Exit | null {
    return this.#exit;
  }

  /** The spawn under way, if there is one. */
  get spawning(): Promise<SpawnedApp> | undefined {
    return this.#spawning;
  }

  async whileSpawning(spawn: Promise<SpawnedApp>): Promise<SpawnedApp> {
    this.#spawning = spawn;
    try {
      return await spawn;
    } finally {
      this.#spawning = undefined;
    }
  }

  /** Whether a spawn or a removal is under way. */
  get isChanging(): boolean {
    return this.#spawning !== undefined || this.#removing !== undefined;
  }

  /** Resolves when a spawn or a removal under way has succeeded or failed. */
  get underWay(): Promise<unknown> {
    return Promise.allSettled([this.#spawning ?? [], this.#removing ?? []].flat());
  }

  async whileRemoving(removal: Promise<void>): Promise<void> {
    this.#removing = removal;
    try {
      await removal;
    } finally {
      this.#removing = undefined;
    }
  }

  /**
   * Takes over a new child.
   *
   * @param held The file that it holds, where files can be held.
   * @throws {Error} when its start time cannot be read: by its number alone nobody could end it later, so it is killed.
   */
  async spawned(child: ChildProcess, pid: number, held: string | undefined): Promise<void> {
    const identity = await identifyPatiently(pid).catch((error: unknown) => {
      if (!child.kill('SIGKILL')) throw error;
      if (system.tellsGroups) sendSignal(-pid, 'SIGKILL');
      throw new Error(
        `it was started, and ended, since its start time cannot be read: ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    });
    this.#begin({ ...identity, ...(held === undefined ? {} : { held }) }, child);
    const ended = (code: number | null, signal: NodeJS.Signals | null): void =>
      this.#leaderEnded(pid, { code, signal, unknown: false });
    if (child.exitCode !== null || child.signalCode !== null) ended(child.exitCode, child.signalCode);
    else child.once('exit', ended);
  }

  /** Takes over what a former daemon has left. */
  adopt(left: LeftProcess | undefined): void {
    if (left === undefined) {
      const { process: former, state } = this.record;
      const elsewhere = former !== null && isElsewhere(former);
      this.#exit = state.pid === null ? null : elsewhere ? { ...UNKNOWN_EXIT, elsewhere } : UNKNOWN_EXIT;
      this.record = { ...this.record, process: null };
      return;
    }
    const { leader, leaderLives, nonce = this.record.nonce } = left;
    this.record = { ...this.record, nonce };
    this.#begin(leader, undefined);
    if (!leaderLives) {
      this.#leaderEnded(leader.pid, UNKNOWN_EXIT);
      return;
    }
    this.#adopted = leader;
    this.#stopPolling = poll(POLL_ADOPTED, () => {
      if (!isAlive(leader)) this.#leaderEnded(leader.pid, UNKNOWN_EXIT);
    });
  }

  /** Asks the process and its group to end, or kills them. Returns whether there was anything to signal. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): boolean {
    if (!this.#live || this.#end === undefined) return false;
    // Its end is seen at the next poll.
    if (this.#adopted && !mayBeTold(this.#adopted)) return true;
    return signal === 'SIGTERM' ? this.#end.ask() : this.#end.kill();
  }

  /** Its start time has become known, by which a later daemon knows its process. Returns whether it still runs. */
  startedAt(pid: number, startTime: string): boolean {
    const { process } = this.record;
    if (!this.#live || process?.pid !== pid) return false;
    this.record = { ...this.record, process: { ...process, startTime } };
    return true;
  }

  /** Why it does not end, as a sentence; null if nothing is known. */
  whyItLives(): string | null {
    return this.#end?.whyItLives() ?? null;
  }

  /** Stops watching. The process goes on. */
  close(): void {
    this.#closed = true;
    this.#stopPolling?.();
    this.#end?.close();
  }

  #begin(leader: ProcessIdentity, child: ChildProcess | undefined): void {
    this.#live = true;
    this.record = { ...this.record, process: leader };
    this.#end = endOf(leader, child, milliseconds(this.record.config.stop_timeout));
  }

  /** The app is gone when its group is. */
  #leaderEnded(pid: number, exit: Exit): void {
    this.#stopPolling?.();
    this.#adopted = undefined;
    this.#end?.leaderEnded(() => {
      this.#live = false;
      this.#exit = exit;
      this.record = { ...this.record, process: null };
      this.#end = undefined;
      this.#onGone(pid, exit);
    });
  }
}
