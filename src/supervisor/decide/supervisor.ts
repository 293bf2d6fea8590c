// The supervisor: a service in a worker of its own that decides for all apps. It may die; the host hands the next one its inventory.
import type { Logger } from 'pino';
import { systemClock } from '../../clock.js';
import { defineService, type ServiceSetup } from '../../define.js';
import { App } from './app.js';
import type { AppSurroundings } from './app-surroundings.js';
import type { AppConfig } from '../model/app-config.js';
import { LogFollower } from '../logs/log-follower.js';
import { STOPPED } from '../model/app-state.js';
import { groupsOver } from '../system/group-memory.js';
import { type Limited, watchMemory } from './memory-watch.js';
import { stateFiles } from '../state/paths.js';
import type { AppInventory, HostFunctions, HostNotice } from '../model/host-functions.js';
import { IpcError } from '../../protocol/errors.js';
import type { Environment } from '../model/app-record.js';
import type { AppSnapshot, SupervisorData } from '../model/messages.js';

class Supervisor {
  readonly #host: ServiceSetup<HostFunctions>['host'];
  readonly #around: AppSurroundings;
  readonly #log: Logger;
  readonly #follower: LogFollower;
  readonly #apps = new Map<string, App>();
  #shuttingDown = false;

  constructor({ host, publish, log, workerData }: ServiceSetup<HostFunctions>) {
    const files = stateFiles((workerData as SupervisorData).stateDirectory);
    this.#host = host;
    this.#log = log;
    this.#follower = new LogFollower(files.logs, files.log, {
      onLine: ({ id, stream, line, end, generation }) =>
        publish({ eventType: 'log_line', appName: id, data: { app: id, stream, line, end, generation } }),
      listened: () => host.listened(),
      onFault: (error) => log.warn({ err: error }, 'the log follower has a fault'),
    });
    this.#around = {
      host,
      publish,
      clock: systemClock,
      now: Date.now,
      random: Math.random,
      follower: this.#follower,
      onFault: (what, err) => log.error({ err }, what),
      onRemoved: (id) => this.#apps.delete(id),
    };
  }

  /** Takes over what there is, then follows the host's notices. */
  async begin(): Promise<void> {
    const { apps, sequence } = await this.#host.inventory();
    for (const each of apps) await this.#takeOver(each);
    void this.#followNotices(sequence);
    watchMemory({
      clock: systemClock,
      limited: () => this.#limited(),
      groupsOver,
      onOver: (app, held) => this.#overMemory(app, held),
      onFault: (err) => this.#log.warn({ err }, 'the memory of apps could not be looked at'),
    });
  }

  /** Resolves with the process that runs already, or null when one was started. */
  async start(
    name: string,
    id: string,
    config: AppConfig,
    environment: Environment | null,
  ): Promise<{ running: number | null }> {
    this.#open();
    const isNew = !this.#apps.has(id);
    const app = this.#apps.get(id) ?? this.#create(id, config, environment);
    return app.command(async () => {
      this.#open();
      // Deleted by the command before: it is a new one again.
      if (this.#apps.get(id) !== app) return this.start(name, id, config, environment);
      let started: boolean;
      try {
        started = await app.start(config, environment);
      } catch (error) {
        // A failed spawn leaves no ghost.
        if (isNew) await app.remove();
        throw new IpcError('APP_SPAWN_FAILED', `Failed to start app ${name}: ${(error as Error).message}`);
      }
      if (started) return { running: null };
      if (sameConfig(app.config, config)) return { running: app.state.pid };
      throw new IpcError(
        'APP_CONFIG_DIFFERS',
        `App ${name} is running with another configuration; stop it first, then start it with the new one`,
      );
    });
  }

  stop(name: string, id: string): Promise<{ escaped: number[] }> {
    return this.#command(name, id, async (app) => {
      if (app.state.status === 'Stopped') throw new IpcError('APP_NOT_RUNNING', `App ${name} is not running`);
      return { escaped: await this.#stop(name, app) };
    });
  }

  restart(name: string, id: string): Promise<{ pid: number; wasRunning: boolean; escaped: number[] }> {
    return this.#command(name, id, async (app) => {
      this.#open();
      const wasRunning = app.state.status === 'Running';
      const escaped = app.state.status === 'Stopped' ? [] : await this.#stop(name, app);
      try {
        await app.start();
      } catch (error) {
        throw new IpcError(
          'APP_SPAWN_FAILED',
          `Failed to ${wasRunning ? 're' : ''}start app ${name}: ${(error as Error).message}`,
        );
      }
      if (wasRunning) await app.restarted();
      return { pid: app.state.pid ?? 0, wasRunning, escaped };
    });
  }

  delete(name: string, id: string): Promise<{ escaped: number[] }> {
    return this.#command(name, id, async (app) => {
      const escaped = app.state.status === 'Stopped' ? [] : await this.#stop(name, app);
      await app.remove();
      return { escaped };
    });
  }

  /** One app, or all sorted by id. */
  status(name: string | null, id: string | null): AppSnapshot[] {
    if (name !== null && id !== null) return [snapshot(this.#known(name, id))];
    return this.#sorted().map(snapshot);
  }

  /** See `LogFollower.generations`. */
  generations(id: string): ReturnType<LogFollower['generations']> {
    return this.#follower.generations(id);
  }

  list(): string[] {
    return this.#sorted().map(({ id }) => id);
  }

  async #stop(name: string, app: App): Promise<number[]> {
    try {
      return await app.stop();
    } catch (error) {
      throw new IpcError('APP_STOP_FAILED', `Failed to stop app ${name}: ${(error as Error).message}`);
    }
  }

  #sorted(): App[] {
    return [...this.#apps.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** In its turn; an app that was deleted by a command before is not there any more. */
  #command<T>(name: string, id: string, run: (app: App) => Promise<T>): Promise<T> {
    const app = this.#known(name, id);
    return app.command(() => {
      if (this.#apps.get(id) !== app) throw new IpcError('APP_NOT_FOUND', `App ${name} not found`);
      return run(app);
    });
  }

  #known(name: string, id: string): App {
    const app = this.#apps.get(id);
    if (!app) throw new IpcError('APP_NOT_FOUND', `App ${name} not found`);
    return app;
  }

  #open(): void {
    if (this.#shuttingDown)
      throw new IpcError('SHUTTING_DOWN', 'The daemon is shutting down; try again when it is up');
  }

  #create(id: string, config: AppConfig, environment: Environment | null): App {
    const app = new App(id, config, environment, STOPPED, this.#around);
    this.#apps.set(id, app);
    return app;
  }

  async #takeOver({ record, live, exit }: AppInventory): Promise<void> {
    const { id, config, environment, state, process } = record;
    const app = new App(id, config, environment, state, this.#around);
    this.#apps.set(id, app);
    await app.resume(live, exit, process?.pid ?? null);
    // Stopped by a shutdown though it is wanted: an app that is to be up whenever the daemon is.
    const { restart_policy: policy, auto_start: autoStart } = config;
    const always = policy === 'always' || policy === 'unless-stopped' || autoStart;
    if (app.state.status === 'Stopped' && app.state.wanted === 'running' && always) {
      // What cannot be spawned yet, from a disk that comes late for one, is tried again.
      await app.input({ type: 'start', automatic: true });
    }
  }

  async #followNotices(after: number): Promise<void> {
    for (let last = after; ;) {
      for (const notice of await this.#host.notices(last)) {
        last = notice.sequence;
        this.#happened(notice);
      }
    }
  }

  #limited(): Limited[] {
    return [...this.#apps.values()].flatMap(({ id, config, state }) =>
      config.max_memory && state.status === 'Running' && state.pid !== null
        ? [{ id, pid: state.pid, most: config.max_memory }]
        : [],
    );
  }

  #overMemory({ id, pid, most }: Limited, held: number): void {
    this.#log.warn(
      { app: id, appPid: pid, held, most },
      'an app holds more memory than it may, and is ended',
    );
    void this.#apps.get(id)?.input({ type: 'over-memory', pid });
  }

  #happened(notice: HostNotice): void {
    if (notice.type === 'exited') {
      const app = this.#apps.get(notice.id);
      if (app && (app.state.pid === null || app.state.pid === notice.pid))
        void app.input({ type: 'exited', exit: notice.exit });
      return;
    }
    this.#shuttingDown = true;
    const stopped = [...this.#apps.values()].map((app) => app.command(() => app.stop(true)));
    void Promise.allSettled(stopped).then(() => this.#host.stopped());
  }
}

function snapshot({ id, config, state }: App): AppSnapshot {
  return { id, config, state };
}

function sameConfig(a: AppConfig, b: AppConfig): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export default defineService<HostFunctions>(async (setup) => {
  const supervisor = new Supervisor(setup);
  await supervisor.begin();
  return supervisor;
});

/** The supervisor's functions, as handlers call them. */
export type SupervisorFunctions = Pick<
  Supervisor,
  'start' | 'stop' | 'restart' | 'delete' | 'status' | 'list' | 'generations'
>;
