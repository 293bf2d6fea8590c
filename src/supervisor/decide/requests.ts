// The requests that change an app: start, stop, restart and delete. After each wait they look again at what they know.
import type { ServiceCalls } from '../../define.js';
import { IpcError } from '../../protocol/errors.js';
import type { AppConfig } from '../model/app-config.js';
import { STOPPED } from '../model/app-state.js';
import { configDifferences } from '../model/config-differences.js';
import type { HostFunctions } from '../model/host-functions.js';
import type {
  Addressed,
  RestartRequest,
  RestartResult,
  StartRequest,
  StartResult,
  StopResult,
  Survivors,
} from '../model/messages.js';
import { andEscaped } from '../model/survivors.js';
import { unsavedNotice } from '../model/unsaved.js';
import type { App } from './app/app.js';
import type { AppChange } from './app/decided.js';
import type { AppRegistry } from './app-registry.js';
import { survivorsOf } from './app/survivors.js';

const DELETE_AGAIN =
  '; it is stopped and stays in the list. Let the user of the daemon write there, then delete it again';

const STARTED_LATER = '; the app is started when that has ended. To prevent it: bunctl stop';

type Host = Pick<ServiceCalls<HostFunctions>, 'checkSpawn' | 'escaped' | 'endEscaped'>;

export class Requests {
  readonly #apps: AppRegistry;
  readonly #host: Host;

  constructor(apps: AppRegistry, host: Host) {
    this.#apps = apps;
    this.#host = host;
  }

  /** Starts an app unless it runs. One that runs is changed if the request says so. */
  async start(request: StartRequest): Promise<StartResult> {
    const { id, config, environment = null, source, mode } = request;
    this.#apps.checkOpen();
    const known = this.#apps.get(id);
    if (known) checkSameName(known, request);
    // Nothing changes, so the commands under way are not waited for.
    if (request.dryRun) return whatStartDoes(known, config);
    const app = known ?? this.#apps.add(id, { config, environment, source, mode, state: STOPPED });
    return app.command(async () => {
      this.#apps.checkOpen();
      // Deleted by a command before this one: it is a new app again.
      if (app.removed) return this.start(request);
      try {
        return await this.#start(app, request);
      } catch (error) {
        // A new app that cannot be started leaves nothing. If its files stay, it stays in the list; why it failed matters more.
        if (!known) await app.remove().catch(() => undefined);
        throw error;
      }
    });
  }

  async #start(app: App, request: StartRequest): Promise<StartResult> {
    const { name, config, environment, source, mode, replace } = request;
    const differs = configDifferences(app.config, config);
    const change: AppChange = { config, source, mode, ...(environment === undefined ? {} : { environment }) };
    if (!runs(app)) {
      await this.#check(app, change, `Failed to start app ${name}`);
      const started = await app
        .start(change)
        .catch((error: unknown) => fail('APP_SPAWN_FAILED', `Failed to start app ${name}`, error));
      if (started) return { action: 'started', pid: app.state.pid, differs, unsaved: await app.whyUnsaved() };
      // Its attempts were used up meanwhile, and it is to be removed then: this starts a new app.
      if (app.removed) return this.start(request);
    }
    if (differs.length === 0) {
      if (source !== null) await app.change({ source, mode });
      return { action: 'unchanged', pid: app.state.pid, differs, unsaved: await app.whyUnsaved() };
    }
    if (!replace)
      throw new IpcError(
        'APP_CONFIG_DIFFERS',
        `App ${name} is running with another configuration; stop it first, then start it with the new one`,
      );
    const { pid, unsaved } = await this.#restart(app, request, change);
    return { action: 'changed', pid: pid === 0 ? null : pid, differs, unsaved };
  }

  /** Stops an app. One that does not run is not wanted any more all the same. */
  stop(which: Addressed, killEscaped: boolean): Promise<StopResult> {
    return this.#apps.inTurn(which, async (app) => {
      const ran = app.state.status !== 'Stopped';
      await this.#stop(app, which.name);
      const survivors = await this.#survivors(app, killEscaped);
      const unsaved = await app.whyUnsaved();
      if (!ran && survivors.ended.length === 0) {
        const message = andEscaped(`App ${which.name} is not running`, survivors);
        const notice = unsaved === undefined ? '' : `. ${unsavedNotice(which.name, unsaved)}`;
        throw new IpcError('APP_NOT_RUNNING', `${message}${notice}`);
      }
      return { ...survivors, unsaved };
    });
  }

  /** Restarts an app, with a change if one is given. With a configuration, an app that is not known is started. */
  async restart(request: RestartRequest): Promise<RestartResult> {
    const { config, id } = request;
    if (config && !this.#apps.get(id)) {
      const { environment, source = null, mode = null } = request;
      const { pid, unsaved } = await this.start({
        ...request,
        config,
        environment,
        source,
        mode,
        replace: true,
        dryRun: false,
      });
      return { pid: pid ?? 0, wasRunning: false, escaped: [], ended: [], unsaved };
    }
    return this.#apps.inTurn(request, async (app) => {
      this.#apps.checkOpen();
      if (config) checkSameName(app, { ...request, config });
      if (request.unlessRunning) return this.#startUnlessRunning(app, request);
      return this.#restart(app, request, changeOf(request));
    });
  }

  /** Judged in the app's turn: of many such requests at once, one starts it. */
  async #startUnlessRunning(app: App, request: RestartRequest): Promise<RestartResult> {
    const { name, killEscaped } = request;
    const change = changeOf(request);
    const failure = `Failed to start app ${name}`;
    let survivors: Survivors = { escaped: [], ended: [] };
    let started = false;
    if (!runs(app)) {
      await this.#check(app, change, failure);
      survivors = await this.#survivors(app, killEscaped);
      started = await app.start(change).catch((error: unknown) => fail('APP_SPAWN_FAILED', failure, error));
    }
    if (app.removed) throw new IpcError('APP_NOT_FOUND', `App ${name} not found: it was removed meanwhile`);
    const unsaved = await app.whyUnsaved();
    return { pid: app.state.pid ?? 0, wasRunning: !started, ranAlready: !started, ...survivors, unsaved };
  }

  async #restart(
    app: App,
    { name, killEscaped = false }: Addressed & { readonly killEscaped?: boolean },
    change: AppChange,
  ): Promise<RestartResult> {
    const wasRunning = app.state.status === 'Running';
    const failure = `Failed to ${wasRunning ? 're' : ''}start app ${name}`;
    await this.#check(app, change, failure, wasRunning ? '; it runs on as it was' : '');
    // A shutdown may have begun with each wait; an app that it stops is not started again.
    this.#apps.checkOpen();
    if (app.state.status !== 'Stopped')
      await app.stop({ keepWanted: true, restarting: true }).catch(async (error: unknown) => {
        await app.startWhenEnded(change, { counted: true });
        fail('APP_STOP_FAILED', `Failed to stop app ${name}`, error, STARTED_LATER);
      });
    const survivors = await this.#survivors(app, killEscaped);
    this.#apps.checkOpen();
    const { restart_policy: policy } = change.config ?? app.config;
    const again = wasRunning && policy !== 'no';
    await app
      .start(change, { onFailure: again ? 'try-again' : 'give-up', counted: wasRunning })
      .catch((error: unknown) =>
        fail('APP_SPAWN_FAILED', failure, error, again ? '; it is tried again' : ''),
      );
    if (app.removed) throw new IpcError('APP_NOT_FOUND', `App ${name} not found: it was removed meanwhile`);
    return { pid: app.state.pid ?? 0, wasRunning, ...survivors, unsaved: await app.whyUnsaved() };
  }

  delete(which: Addressed, killEscaped: boolean): Promise<Survivors> {
    return this.#apps.inTurn(which, async (app) => {
      await this.#stop(app, which.name);
      const survivors = await this.#survivors(app, killEscaped);
      await app
        .remove()
        .catch((error: unknown) =>
          fail('APP_DELETE_FAILED', `Failed to delete app ${which.name}`, error, DELETE_AGAIN),
        );
      return survivors;
    });
  }

  /** Before anything is ended or changed: a process can be started with this. */
  async #check(app: App, change: AppChange, failure: string, so = ''): Promise<void> {
    const { config, environment } = { ...app.decided, ...change };
    await this.#host
      .checkSpawn(app.id, config, environment)
      .catch((error: unknown) => fail('APP_SPAWN_FAILED', failure, error, so));
  }

  async #stop(app: App, name: string): Promise<void> {
    await app.stop().catch((error: unknown) => fail('APP_STOP_FAILED', `Failed to stop app ${name}`, error));
  }

  async #survivors({ id }: App, kill: boolean): Promise<Survivors> {
    return survivorsOf(this.#host, id, kill);
  }
}

const runs = ({ state: { status } }: App): boolean => status === 'Running' || status === 'Starting';

/** What a Start would do now. An app that is being restarted runs when the Restart is over. */
function whatStartDoes(app: App | undefined, config: AppConfig): StartResult {
  if (app === undefined) return { action: 'started', pid: null, differs: [], unsaved: undefined };
  const { status, restarting, pid } = app.state;
  const differs = configDifferences(app.config, config);
  const isUp = runs(app) || (status === 'Stopping' && restarting);
  return {
    action: !isUp ? 'started' : differs.length > 0 ? 'changed' : 'unchanged',
    pid,
    differs,
    unsaved: undefined,
  };
}

function changeOf({ config, environment, source, mode }: RestartRequest): AppChange {
  return {
    ...(config === undefined ? {} : { config }),
    ...(environment === undefined ? {} : { environment }),
    ...(source === undefined ? {} : { source }),
    ...(mode === undefined ? {} : { mode }),
  };
}

/** Two names with one id would be one app, and the second would silently take the place of the first. */
function checkSameName(app: App, { name, id, config }: Addressed & { readonly config: AppConfig }): void {
  const [former, wanted] = [app.config.name.trim(), config.name.trim()];
  if (former === wanted) return;
  throw new IpcError(
    'APP_NAME_INVALID',
    `Failed to start app ${name}: the name is too much like that of the app "${former}", since both are known as ${id}. Choose another name, or delete that app first: bunctl delete ${id}`,
  );
}

/** @throws {IpcError} always; a shutdown keeps its own code. */
function fail(code: string, what: string, cause: unknown, so = ''): never {
  const { code: known, message } = cause as { code?: unknown; message: string };
  throw new IpcError(known === 'SHUTTING_DOWN' ? known : code, `${what}: ${message}${so}`, {
    cause,
  });
}
