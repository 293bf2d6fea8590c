// One app as an actor: its machine, its timers, its commands one at a time; the host does what it decides.
import type { AppConfig } from '../model/app-config.js';
import type { AppSurroundings } from './app-surroundings.js';
import { Ending } from './ending.js';
import { Timers } from './timers.js';
import { type Effect, type Input, step, STABLE_AFTER, type TimerName } from './machine.js';
import type { DecidedRecord, Environment } from '../model/app-record.js';
import { type AppState, type Exit, UNKNOWN_EXIT } from '../model/app-state.js';

export class App {
  readonly #around: AppSurroundings;
  readonly #timers: Timers<TimerName>;
  readonly #ending: Ending;
  #state: AppState;
  #config: AppConfig;
  #environment: Environment | null;
  /** Inputs are taken one after the other, each with all it causes. */
  #inputs: Promise<void> = Promise.resolve();
  #commands: Promise<unknown> = Promise.resolve();
  /** Why the spawn of the command under way failed, if it did. */
  #spawnErrors: Error[] = [];
  /** Events are published in order, and nothing waits for subscribers. */
  #published: Promise<void> = Promise.resolve();

  constructor(
    readonly id: string,
    config: AppConfig,
    environment: Environment | null,
    state: AppState,
    around: AppSurroundings,
  ) {
    this.#config = config;
    this.#environment = environment;
    this.#state = state;
    this.#around = around;
    this.#ending = new Ending(around.clock);
    this.#timers = new Timers(around.clock, (type) => void this.input({ type }));
  }

  get state(): AppState {
    return this.#state;
  }

  get config(): AppConfig {
    return this.#config;
  }

  /** Commands on one app run one at a time. */
  command<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#commands.then(run);
    this.#commands = done.catch(() => undefined);
    return done;
  }

  /**
   * Starts it, with a configuration and an environment, unless it runs; resolves with whether it was started. One that
   * is being stopped is waited for. Rejects when it cannot be spawned.
   */
  async start(
    config: AppConfig = this.#config,
    environment: Environment | null = this.#environment,
  ): Promise<boolean> {
    this.#spawnErrors = [];
    let begun = false;
    await this.#ended();
    // Judged in its turn: a restart of its own may be under way.
    await this.#queue('start', async () => {
      const { status } = this.#state;
      if (status !== 'Stopped' && status !== 'Backoff') return;
      begun = true;
      this.#config = config;
      this.#environment = environment;
      await this.#take({ type: 'start' });
    });
    const [failed] = this.#spawnErrors;
    if (failed) throw failed;
    return begun;
  }

  /**
   * Stops it and resolves when its process group is gone, with the processes that carry its mark and have left
   * the group. Rejects when it does not end.
   */
  async stop(forShutdown = false): Promise<number[]> {
    if (this.#state.status !== 'Stopped') {
      let end: Promise<void> | undefined;
      await this.#queue('stop', async () => {
        end = this.#ending.next();
        await this.#take({ type: 'stop', forShutdown });
      });
      if (this.#state.status === 'Stopping') await this.#ending.within(this.#config, this.#state.pid, end);
    } else if (!forShutdown) {
      await this.input({ type: 'stop' });
    }
    return this.#around.host.escaped(this.id);
  }

  /** Removes it from the host; it must be stopped. */
  async remove(): Promise<void> {
    this.#timers.clear();
    await this.#around.host.remove(this.id);
    this.#around.follower.forget(this.id);
    this.#around.onRemoved(this.id);
  }

  /** Counts a Restart of the running app. */
  async restarted(): Promise<void> {
    this.#state = { ...this.#state, restarts: this.#state.restarts + 1 };
    await this.#save();
  }

  /** Takes it over from a former supervisor: what it missed happens now. */
  async resume(live: boolean, exit: Exit | null, pid: number | null): Promise<void> {
    const { status, retryAt, wanted } = this.#state;
    const { now, follower } = this.#around;
    if (live && pid !== null) {
      follower.follow(this.id);
      // One that is wanted was only to end with a daemon, and that one is gone.
      if (status === 'Stopping' && wanted === 'stopped') {
        await this.input({ type: 'stop' });
        return;
      }
      this.#state = {
        ...this.#state,
        status: 'Running',
        pid,
        startedAt: this.#state.startedAt ?? now(),
        retryAt: null,
        overLimit: false,
      };
      this.#timers.set('stable', STABLE_AFTER);
      await this.#save();
    } else if (status === 'Running' || status === 'Stopping') {
      follower.ended(this.id);
      await this.input({ type: 'exited', exit: exit ?? UNKNOWN_EXIT });
    } else if (status === 'Backoff') {
      // A clock that was set back meanwhile must not make it wait for longer than any delay is.
      const { max_delay_ms: most } = this.#config.backoff;
      const left = Math.min(Math.max(0, (retryAt ?? 0) - now()), most);
      this.#timers.set('retry', left);
    } else if (status === 'Starting') {
      // It was told to start, and there is no process: it is started now.
      this.#state = { ...this.#state, status: 'Backoff', retryAt: now() };
      await this.input({ type: 'retry' });
    }
  }

  /** Takes an input in; resolves when all it causes is done. */
  input(input: Input): Promise<void> {
    return this.#queue(input.type, () => this.#take(input));
  }

  #queue(what: string, act: () => Promise<void>): Promise<void> {
    const done = this.#inputs.then(act);
    this.#inputs = done.catch((error: unknown) => this.#around.onFault(`${this.id}: ${what}`, error));
    return this.#inputs;
  }

  /** Resolves when it is not being stopped, or no longer. */
  async #ended(): Promise<void> {
    await this.#inputs;
    if (this.#state.status !== 'Stopping') return;
    await this.#ending.within(this.#config, this.#state.pid);
  }

  async #take(input: Input): Promise<void> {
    const before = this.#state;
    const { state, effects } = step(before, input, {
      config: this.#config,
      now: this.#around.now(),
      random: this.#around.random(),
    });
    this.#state = state;
    if (state.status !== 'Starting' && state !== before) await this.#save();
    if (input.type === 'exited') this.#around.follower.ended(this.id);
    for (const effect of effects) await this.#perform(effect);
    if (this.#state.status !== 'Stopping') this.#ending.over();
  }

  async #perform(effect: Effect): Promise<void> {
    const { host } = this.#around;
    switch (effect.do) {
      case 'spawn':
        return this.#spawn(effect.automatic);
      case 'signal':
        await host.signal(this.id, effect.signal);
        return;
      case 'timer':
        this.#timers.set(effect.name, effect.ms);
        return;
      case 'cancel':
        this.#timers.cancel(effect.name);
        return;
      case 'publish':
        this.#publish(effect.eventType, effect.data);
        return;
      case 'remove':
        return this.remove();
    }
  }

  async #spawn(automatic: boolean): Promise<void> {
    try {
      const { host } = this.#around;
      const { pid, startedAt, offsets } = await host.spawn(this.id, this.#decided());
      this.#around.follower.follow(this.id, offsets);
      await this.#take({ type: 'spawned', pid, startedAt, automatic });
    } catch (error) {
      this.#spawnErrors.push(error as Error);
      if (automatic) this.#around.onFault(`${this.id} could not be restarted`, error);
      await this.#take({ type: 'spawn-failed', automatic, error: (error as Error).message });
    }
  }

  // An event waits for the broker's window at most, and never holds the app's life up.
  #publish(eventType: string, data: Readonly<Record<string, unknown>>): void {
    this.#published = this.#published
      .then(() => this.#around.publish({ eventType, appName: this.id, data: { app: this.id, ...data } }))
      .catch((error: unknown) => this.#around.onFault(`${this.id}: ${eventType}`, error));
  }

  #decided(): DecidedRecord {
    return { config: this.#config, environment: this.#environment, state: this.#state };
  }

  async #save(): Promise<void> {
    // The host says on its own when a disk is full, and tries again.
    await this.#around.host.save(this.id, this.#decided()).catch(() => undefined);
  }
}
