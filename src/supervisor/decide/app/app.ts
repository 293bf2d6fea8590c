// One app as an actor: its state machine, its timers, and its commands one at a time. The host does what it decides.
import { IpcError } from '../../../protocol/errors.js';
import type { DecidedRecord } from '../../model/app-record.js';
import type { Exit } from '../../model/app-state.js';
import { AppEvents } from './app-events.js';
import type { AppSurroundings } from './app-surroundings.js';
import type { AppChange } from './decided.js';
import { Ending } from './ending.js';
import type { Effect, Input, StartOptions, StopOptions, TimerName } from './inputs.js';
import { STABLE_AFTER, step, unstableRuns } from './machine.js';
import { RecordedApp } from './recorded-app.js';
import { resumed, runsOn } from './resumed.js';
import { endLeftOver } from './survivors.js';
import { Timers } from './timers.js';

export class App extends RecordedApp {
  readonly #around: AppSurroundings;
  readonly #timers: Timers<TimerName>;
  readonly #ending: Ending;
  readonly #events: AppEvents;
  /** Why the last spawn failed, if it did. */
  #spawnError: Error | undefined;
  /** The second half of a Restart whose process takes too long to end. */
  #whenEnded: { readonly change: AppChange; readonly how: StartOptions } | undefined;
  #closing = false;
  /** Whether it prints, or last printed, straight into files of its own. Written by this class only. */
  intoFiles = false;

  constructor(id: string, decided: DecidedRecord, around: AppSurroundings) {
    super(id, decided, around.host);
    this.#around = around;
    this.#ending = new Ending(around.clock);
    this.#events = new AppEvents(id, around);
    this.#timers = new Timers(around.clock, (name) => this.#due(name));
  }

  /** How long, in ms, until it is tried again; undefined if it does not wait for that. */
  get retryIn(): number | undefined {
    return this.#timers.left('retry');
  }

  /** The daemon shuts down: from now on no request and no timer starts the app again. */
  close(): void {
    this.#closing = true;
  }

  /**
   * Starts it, with a change, unless it runs. Resolves with whether it was started; false also when it was removed
   * meanwhile. Waits for one that is being stopped.
   *
   * @throws {Error} when it cannot be spawned; `SHUTTING_DOWN` when the daemon shuts down, perhaps since the call.
   */
  async start(change: AppChange = {}, how: StartOptions = {}): Promise<boolean> {
    this.#whenEnded = undefined;
    for (;;) {
      if (this.state.status === 'Stopping')
        await this.#ending.within(this.config, this.state.pid).catch(async (error: unknown) => {
          await this.startWhenEnded(change, how);
          throw error;
        });
      const outcome = await this.inputs.run(() => this.#startNow(change, how));
      if (outcome !== 'stopping') return outcome === 'started';
    }
  }

  /** Finishes a Restart whose process does not end in time, as soon as it has ended. A Stop calls that off. */
  async startWhenEnded(change: AppChange, how: StartOptions): Promise<void> {
    await this.inputs.run(async () => {
      this.#whenEnded = { change, how };
      await this.#finishRestart();
    });
  }

  async #finishRestart(): Promise<void> {
    const { status, restarting } = this.state;
    if (this.#whenEnded === undefined || status === 'Stopping') return;
    const { change, how } = this.#whenEnded;
    this.#whenEnded = undefined;
    if (status !== 'Stopped' || !restarting || this.#closing) return;
    this.book.change(change);
    await this.#take({ type: 'start', ...how, automatic: true, onFailure: 'try-again' });
  }

  // Judged only in its turn: while the caller waited, the app may have been restarted, stopped or removed.
  async #startNow(change: AppChange, how: StartOptions): Promise<'started' | 'running' | 'stopping'> {
    if (this.#closing) throw new IpcError('SHUTTING_DOWN', 'the daemon is shutting down');
    const { status } = this.state;
    if (status === 'Stopping') return 'stopping';
    if (this.removed || (status !== 'Stopped' && status !== 'Backoff')) return 'running';
    this.book.change(change);
    this.#spawnError = undefined;
    await this.#take({ type: 'start', ...how });
    const failed = this.#lastSpawnError();
    if (failed) throw failed;
    return 'started';
  }

  /** Stops it and resolves when its process group is gone. Rejects when the group does not end. */
  async stop(how: StopOptions = {}): Promise<void> {
    const end = await this.inputs.run(async () => {
      this.#whenEnded = undefined;
      const next = this.#ending.next();
      await this.#take({ type: 'stop', ...how });
      return { ended: next };
    });
    if (this.state.status !== 'Stopping') return;
    await this.#ending.within(this.config, this.state.pid, end.ended).catch(async (error: unknown) => {
      const why = await this.#around.host.whyItLives(this.id);
      throw why === null ? error : new Error(why, { cause: error });
    });
  }

  /** Removes it from the host; it must be stopped. */
  async remove(): Promise<void> {
    await this.inputs.run(() => this.#remove());
  }

  /** Takes the app over from a former supervisor, and handles the events that it missed. */
  async resume(live: boolean, exit: Exit | null, pid: number | null, intoFiles = false): Promise<void> {
    this.intoFiles = intoFiles;
    const { status, wanted, restarting } = this.state;
    if (live && pid !== null) {
      if (intoFiles) this.#around.follower.follow(this.id);
      // An app that is wanted, and not for a Restart, was being stopped for a shutdown only, and that daemon is gone.
      if (status === 'Stopping' && (wanted === 'stopped' || restarting))
        await this.input({ type: 'stop', keepWanted: wanted === 'running', restarting });
      else await this.#resumeRunning(pid);
      return;
    }
    const { change, input, retryIn, fault } = resumed(this.state, this.config, exit, this.#around.now());
    if (fault !== undefined) this.#around.onFault(`${this.id} is not started`, new Error(fault));
    if (change) this.book.setState(change);
    if (input?.type === 'exited') this.#around.follower.ended(this.id);
    if (input) await this.input(input);
    if (retryIn !== undefined) this.#timers.set('retry', retryIn);
  }

  /** Takes an input; resolves when everything that it causes is done. */
  async input(input: Input): Promise<void> {
    await this.inputs.run(() => this.#take(input));
  }

  /** As {@link input}, for callers that do not wait. */
  tell(input: Input): void {
    this.input(input).catch((error: unknown) => this.#around.onFault(`${this.id}: ${input.type}`, error));
  }

  #due(name: TimerName): void {
    const runs = name === 'retry' && !this.#closing ? unstableRuns(this.state) : 0;
    if (runs === 0) this.tell({ type: name });
    else this.#retryAfter(runs).catch((error: unknown) => this.#around.onFault(`${this.id}: retry`, error));
  }

  /** What the last runs left behind ends first. That takes time, so no other input waits for it. */
  async #retryAfter(runs: number): Promise<void> {
    const { retryAt } = this.state;
    await endLeftOver(this.id, runs, this.#around);
    await this.inputs.run(async () => {
      // If it was started meanwhile and waits again, it waits for another retry.
      if (this.state.retryAt === retryAt) await this.#take({ type: 'retry' });
    });
  }

  async #resumeRunning(pid: number): Promise<void> {
    this.book.setState(runsOn(this.state, pid, this.#around.now()));
    this.#timers.set('stable', STABLE_AFTER);
    await this.book.save();
  }

  async #take(input: Input): Promise<void> {
    // A retry that falls due during a shutdown would start a process that is never stopped.
    if (this.removed || (this.#closing && (input.type === 'start' || input.type === 'retry'))) return;
    const before = this.state;
    const { state, effects } = step(before, input, {
      config: this.config,
      now: this.#around.now(),
      random: this.#around.random(),
    });
    this.book.setState(state);
    if (state.status !== 'Starting' && state !== before) await this.book.save();
    if (input.type === 'exited') this.#around.follower.ended(this.id);
    for (const effect of effects) await this.#perform(effect);
    if (this.state.status !== 'Stopping') this.#ending.over();
    if (input.type === 'exited') await this.#finishRestart();
  }

  async #perform(effect: Effect): Promise<void> {
    switch (effect.do) {
      case 'spawn':
        return this.#spawn(effect);
      case 'signal':
        await this.#around.host.signal(this.id, effect.signal);
        return;
      case 'timer':
        this.#timers.set(effect.name, effect.ms);
        return;
      case 'cancel':
        this.#timers.cancel(effect.name);
        return;
      case 'publish':
        this.#events.publish(effect.eventType, effect.data);
        return;
      case 'remove':
        return this.#remove();
    }
  }

  async #spawn({ automatic, onFailure }: Extract<Effect, { do: 'spawn' }>): Promise<void> {
    try {
      await this.#around.linesReady();
      const { pid, startedAt, offsets } = await this.#around.host.spawn(this.id, this.decided);
      this.intoFiles = offsets !== null;
      if (offsets) this.#around.follower.follow(this.id, offsets);
      await this.#take({ type: 'spawned', pid, startedAt, automatic });
    } catch (error) {
      this.#spawnError = error as Error;
      if (automatic) this.#around.onFault(`${this.id} could not be started`, error);
      await this.#take({ type: 'spawn-failed', onFailure, error: (error as Error).message });
    }
  }

  /** A function, since the compiler takes the field for what was last assigned to it. */
  #lastSpawnError(): Error | undefined {
    return this.#spawnError;
  }

  async #remove(): Promise<void> {
    if (this.removed) return;
    this.#timers.clear();
    await this.#around.host.remove(this.id);
    this.removed = true;
    this.#around.follower.forget(this.id);
    this.#around.onRemoved(this.id);
  }
}
