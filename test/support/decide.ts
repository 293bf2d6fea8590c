// The deciding side without processes: a host that only writes down what it is asked, on a clock of the test's own.
import { App } from '#dist/supervisor/decide/app/app.js';
import { AppRegistry } from '#dist/supervisor/decide/app-registry.js';
import type { AppSurroundings } from '#dist/supervisor/decide/app/app-surroundings.js';
import { Requests } from '#dist/supervisor/decide/requests.js';
import { type AppConfig, checkAppConfig } from '#dist/supervisor/model/app-config.js';
import type { AppState } from '#dist/supervisor/model/app-state.js';
import { FakeClock } from './fake-clock.js';

export const configOf = (name: string, more: object = {}): AppConfig =>
  checkAppConfig({ name, command: 'x', stop_timeout: { secs: 3, nanos: 0 }, ...more });

/** Lets everything come to rest that does not wait for time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export class FakeHost {
  readonly done: string[] = [];
  /** Every state that was written down. */
  readonly saved: AppState[] = [];
  readonly clock = new FakeClock();
  /** Why nothing can be spawned, by the command; both when it is checked and when it is done. */
  readonly missing = new Set<string>();
  /** As {@link missing}, but found out only by the spawn. */
  readonly failing = new Set<string>();
  /** What happens while it is checked whether an app can be spawned. */
  onCheck: () => Promise<void> = async () => undefined;
  /** Why the files of an app cannot be removed, if they cannot. */
  removal: Error | undefined;
  /** Why no state can be written down, if none can be. */
  unsavable: Error | undefined;
  readonly left = new Map<string, number[]>();
  readonly apps: AppRegistry;
  readonly requests: Requests;
  #pid = 100;

  constructor() {
    const host = {
      checkSpawn: async (_id: string, { command }: AppConfig) => {
        await this.onCheck();
        if (this.missing.has(command)) throw new Error(`no ${command}`);
      },
      spawn: async (id: string, { config }: { config: AppConfig }) => {
        this.done.push(`spawn ${id}`);
        await new Promise((resolve) => setImmediate(resolve));
        if (this.missing.has(config.command) || this.failing.has(config.command))
          throw new Error(`no ${config.command}`);
        this.#pid += 1;
        return { pid: this.#pid, startedAt: this.clock.now(), offsets: { stdout: 0, stderr: 0 } };
      },
      signal: async (id: string, signal: string) => this.done.push(`${signal} ${id}`),
      whyItLives: () => null,
      save: async (_id: string, { state }: { state: AppState }) => {
        if (this.unsavable) throw this.unsavable;
        this.saved.push(state);
      },
      remove: async (id: string) => {
        if (this.removal) throw this.removal;
        this.done.push(`remove ${id}`);
      },
      escaped: async (id: string) => this.left.get(id) ?? [],
      endEscaped: async (id: string) => {
        this.done.push(`end what ${id} left`);
        this.left.delete(id);
        return [];
      },
    };
    const around: Omit<AppSurroundings, 'onRemoved'> = {
      host: host as never,
      publish: async () => undefined,
      clock: this.clock,
      now: () => this.clock.now(),
      random: () => 0.5,
      linesReady: async () => undefined,
      follower: { follow: () => undefined, ended: () => undefined, forget: () => undefined },
      onFault: () => undefined,
    };
    this.apps = new AppRegistry(around);
    this.requests = new Requests(this.apps, host);
  }

  app(id: string): App {
    return this.apps.known({ name: id, id });
  }

  state(id: string): AppState {
    return this.app(id).state;
  }

  start(name: string, config: object = {}, more: object = {}) {
    return this.requests.start({
      name,
      id: name,
      config: configOf(name, config),
      environment: null,
      source: null,
      mode: null,
      replace: false,
      dryRun: false,
      ...more,
    });
  }

  restart(name: string, more: object = {}) {
    return this.requests.restart({
      name,
      id: name,
      config: undefined,
      environment: undefined,
      source: undefined,
      mode: undefined,
      killEscaped: false,
      ...more,
    });
  }

  /** The process group of an app ends. */
  async ends(id: string, code: number | null = null): Promise<void> {
    await this.app(id).input({ type: 'exited', exit: { code, signal: null, unknown: false } });
    await settle();
  }
}
