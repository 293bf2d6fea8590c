// The supervisor: a service in a thread of its own that decides for all apps. It may die; the host hands the next one its inventory.
import { systemClock } from '../../clock.js';
import { defineService, type ServiceSetup } from '../../define.js';
import type { DaemonStats } from '../../running-daemon.js';
import type { EventGenerations } from '../logs/read-logs.js';
import type { HostNotice, MainFunctions } from '../model/host-functions.js';
import type { DeclaredFile } from '../model/declared-file.js';
import type { Addressed, AppSnapshot, ShutdownResult, SupervisorData } from '../model/messages.js';
import { stateFiles } from '../state/paths.js';
import { system } from '../system/system.js';
import type { App } from './app/app.js';
import { AppRegistry } from './app-registry.js';
import { applyFile } from './declared.js';
import { limitNotice } from './use/limit-notice.js';
import type { Usage } from '../system/usage.js';
import { PrintedLines } from './output/printed-lines.js';
import { Requests } from './requests.js';
import { Resources } from './use/resources.js';
import { stopAll } from './stop-all.js';
import { takeOver } from './take-over.js';

class Supervisor {
  readonly #host: ServiceSetup<MainFunctions>['host'];
  readonly #printed: PrintedLines;
  readonly #onFault: (what: string, error: unknown) => void;
  readonly #apps: AppRegistry;
  readonly requests: Requests;
  #stopped: Promise<ShutdownResult> | undefined;
  readonly #resources: Resources;

  constructor({ host, publish, log, workerData }: ServiceSetup<MainFunctions>) {
    const files = stateFiles((workerData as SupervisorData).stateDirectory);
    this.#host = host;
    this.#onFault = (what, err) => log.error({ err }, what);
    // Apps are started on the main thread, and so everything else is.
    system.tableFrom(() => host.processTable());
    this.#printed = new PrintedLines({
      files,
      publish,
      keeper: () => host.keeper(),
      listened: () => host.listened(),
      log,
    });
    this.#apps = new AppRegistry({
      host,
      publish,
      clock: systemClock,
      now: Date.now,
      random: Math.random,
      follower: this.#printed,
      linesReady: () => this.#printed.ready(),
      onFault: this.#onFault,
    });
    this.#resources = new Resources(this.#apps, log);
    this.requests = new Requests(this.#apps, host);
  }

  /** Takes over what there is, then follows the host's notices and applies the declared file. */
  async begin(): Promise<void> {
    const [{ apps, sequence }, declared, ending] = await Promise.all([
      this.#host.inventory(),
      this.#host.declared(),
      this.#host.shuttingDown(),
    ]);
    // A former supervisor died in a shutdown: this one goes on with it.
    if (ending) this.#apps.close();
    if (apps.length > 0) await this.#printed.ready();
    await Promise.all(apps.map((each) => takeOver(this.#apps, each, declared, this.#onFault)));
    this.#followNotices(sequence).catch(dieOf);
    if (ending) this.#stopAll().catch(dieOf);
    else if (declared) this.#apply(declared).catch(dieOf);
    this.#resources.begin();
  }

  /** One app, or all sorted by id. */
  async status(which: Addressed | null): Promise<AppSnapshot[]> {
    if (which === null) {
      const [usage, escaped] = await Promise.all([this.#resources.usage(), this.#host.allEscaped()]);
      const escapedOf = new Map(escaped);
      return this.#apps.all().map((app) => snapshot(app, escapedOf.get(app.id) ?? [], usage));
    }
    const { id } = this.#apps.known(which);
    const [usage, escaped] = await Promise.all([this.#resources.usage(), this.#host.escaped(id)]);
    return [snapshot(this.#apps.known(which), escaped, usage)];
  }

  /** The generations that the events of each app have now. */
  async generations(ids: readonly string[]): Promise<EventGenerations[]> {
    const kept = await this.#host.generations(ids);
    return ids.map((id, index) =>
      this.#apps.get(id)?.intoFiles === true
        ? { follower: this.#printed.generations(id), keeper: null }
        : { follower: null, keeper: kept?.[index] ?? null },
    );
  }

  /** Resolves when all that an app has printed until now is in its log; null for all apps. */
  async syncOutput(id: string | null): Promise<void> {
    await this.#host.syncOutput(id);
  }

  /** Empties an app's log. */
  async flush(which: Addressed): Promise<void> {
    await this.#host.flushOutput(this.#apps.known(which).id);
  }

  /** The sentence about the memory limit of an app that was started; see `limitNotice`. */
  limitNotice({ id, name }: Addressed): Promise<string | undefined> {
    return limitNotice(name, this.#apps.get(id)?.config.max_memory);
  }

  list(): string[] {
    return this.#apps.all().map(({ id }) => id);
  }

  /** The statistics of the daemon itself. */
  daemonStats(): Promise<DaemonStats> {
    return this.#host.stats();
  }

  /** Has the daemon shut down; resolves when all apps are stopped, or could not be. */
  async shutdown(killEscaped: boolean): Promise<ShutdownResult> {
    if (killEscaped) await this.#host.killEscaped();
    await this.#host.shutDown();
    return this.#stopAll();
  }

  async #apply(declared: DeclaredFile): Promise<void> {
    await this.#host.applied(await applyFile(declared, this.#apps, this.requests));
  }

  async #followNotices(after: number): Promise<void> {
    for (let last = after; ;) {
      for (const notice of await this.#host.notices(last)) {
        last = notice.sequence;
        this.#happened(notice);
      }
    }
  }

  #happened(notice: HostNotice): void {
    if (notice.type === 'exited') {
      const app = this.#apps.get(notice.id);
      if (app && (app.state.pid === null || app.state.pid === notice.pid))
        app.tell({ type: 'exited', exit: notice.exit });
      return;
    }
    this.#stopAll().catch(dieOf);
  }

  #stopAll(): Promise<ShutdownResult> {
    this.#stopped ??= this.#stopEveryApp();
    return this.#stopped;
  }

  async #stopEveryApp(): Promise<ShutdownResult> {
    const result = await stopAll(this.#apps, this.#host, () => this.#host.killsEscaped());
    await this.#host.shutdownResult(result);
    await this.#host.stopped();
    return result;
  }
}

/** Without the main thread this supervisor is deaf: its thread ends, and the next one takes over. */
function dieOf(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

function snapshot(
  { id, decided, retryIn, intoFiles }: App,
  escaped: readonly number[],
  used: ReadonlyMap<number, Usage>,
): AppSnapshot {
  const { config, state, source, mode, environment } = decided;
  return {
    id,
    config,
    state,
    source,
    mode,
    environmentNames: environment && Object.keys(environment).sort(),
    escaped,
    retryIn: retryIn ?? null,
    intoFiles,
    usage: state.pid === null ? null : (used.get(state.pid) ?? null),
  };
}

/** The functions of the supervisor, as handlers call them. */
function functionsOf(supervisor: Supervisor) {
  const { requests } = supervisor;
  return {
    start: requests.start.bind(requests),
    limitNotice: supervisor.limitNotice.bind(supervisor),
    stop: requests.stop.bind(requests),
    restart: requests.restart.bind(requests),
    delete: requests.delete.bind(requests),
    status: supervisor.status.bind(supervisor),
    list: supervisor.list.bind(supervisor),
    generations: supervisor.generations.bind(supervisor),
    syncOutput: supervisor.syncOutput.bind(supervisor),
    flush: supervisor.flush.bind(supervisor),
    daemonStats: supervisor.daemonStats.bind(supervisor),
    shutdown: supervisor.shutdown.bind(supervisor),
  };
}

export type SupervisorFunctions = ReturnType<typeof functionsOf>;

export default defineService<MainFunctions>(async (setup) => {
  const supervisor = new Supervisor(setup);
  await supervisor.begin();
  return functionsOf(supervisor);
});
