// The handlers of the wire's requests, loaded in every lane: they check, ask the supervisor, and word the answer.
import { isDeepStrictEqual } from 'node:util';
import { type CommandAnswer, type CommandHandlers, defineCommands, type ServiceCalls } from '../define.js';
import { IpcError } from '../protocol/errors.js';
import type { SupervisorFunctions } from './decide/supervisor.js';
import { openAppLogs } from './logs/app-log.js';
import { type EventGenerations, type LogBounds, readLogs } from './logs/read-logs.js';
import { type AppConfig, parseAppConfig } from './model/app-config.js';
import { appId, shownName, whyNotAName } from './model/app-id.js';
import type { Addressed, Kept, StartResult, SupervisorData } from './model/messages.js';
import { andEscaped } from './model/survivors.js';
import { endUnsaved, unsavedNotice } from './model/unsaved.js';
import { whyNotVariables } from './model/variable-names.js';
import { stateFiles } from './state/paths.js';
import { appStatus } from './status.js';

/** Bytes of log lines in one answer, escaped: they fit a frame, whose limit is 10 MiB. */
const LOG_BYTES = 9 * 1024 * 1024;
/** How far back in its log an app's lines are searched for, in bytes; and in the logs of all apps together. */
const LOOK_BACK = 8 * 1024 * 1024;
const LOOK_BACK_ALL = 64 * 1024 * 1024;
/** The logs of this many apps are open at once. */
const TOGETHER = 64;
/** How often logs are read that are emptied or put aside meanwhile. */
const ATTEMPTS = 5;

/** An app as a request names it. @throws {IpcError} `APP_NAME_INVALID`. */
function addressed(name: string): Addressed {
  const id = appId(name);
  const shown = shownName(name);
  // The original says it twice.
  if (id === undefined)
    throw new IpcError('APP_NAME_INVALID', `Invalid app name: Invalid app name: ${shown}`);
  return { name: shown, id };
}

/** The id of a new app, by its configuration. @throws {IpcError} `APP_NAME_INVALID`. */
function addressedNew(name: string, config: AppConfig): Addressed {
  const why = whyNotAName(config.name);
  const id = appId(config.name);
  if (why === undefined && id !== undefined) return { name: shownName(name), id };
  throw new IpcError('APP_NAME_INVALID', `Failed to start app ${shownName(name)}: ${why}`);
}

/** @throws {IpcError} `APP_CONFIG_INVALID`, its message naming the key. */
function configOf(json: string): AppConfig {
  try {
    return parseAppConfig(json);
  } catch (error) {
    throw new IpcError('APP_CONFIG_INVALID', `Invalid config: ${(error as Error).message}`);
  }
}

/** @throws {IpcError} `APP_CONFIG_INVALID`. */
function checkEnvironment(environment: Readonly<Record<string, string>> = {}): void {
  const why = whyNotVariables(environment);
  if (why !== undefined) throw new IpcError('APP_CONFIG_INVALID', `Invalid environment: ${why}`);
}

/** The original's words, whether it was running or not: our fields tell them apart. */
function startAnswer(name: string, { action, pid, differs }: StartResult, dryRun: boolean) {
  const more = { action, differs };
  if (dryRun) return { message: `App ${name} would be ${action}`, ...more };
  if (action === 'changed') return { message: `Restarted app ${name}${withPid(pid ?? 0)}`, ...more };
  return { message: `Started app ${name}`, ...(action === 'unchanged' ? { running: pid } : {}), ...more };
}

/** A process that is just being started has no id yet. */
const runsAlready = (name: string, pid: number): string =>
  `App ${name} is running already${pid === 0 ? '' : ` (pid ${pid})`}`;

/** A process may have ended before it was looked at. */
function withPid(pid: number): string {
  return pid === 0 ? ', which has ended already; its logs may say why' : ` with PID ${pid}`;
}

/** The part of an answer beside its message: `notice`, sentences, or nothing. */
const noticeOf = (...sentences: readonly (string | undefined)[]): { readonly notice?: string } => {
  const said = sentences.filter((sentence) => sentence !== undefined);
  return said.length === 0 ? {} : { notice: said.join('. ') };
};

const notSaved = ({ name }: Addressed, { unsaved }: Kept): string | undefined =>
  unsaved === undefined ? undefined : unsavedNotice(name, unsaved);

async function notEnforced(
  service: ServiceCalls<SupervisorFunctions>,
  app: Addressed,
  config: AppConfig | undefined,
): Promise<string | undefined> {
  // Without a limit nothing is asked.
  if (config !== undefined && config.max_memory === null) return undefined;
  return service.limitNotice(app).catch(() => undefined);
}

export default defineCommands<SupervisorFunctions>(({ workerData }) => {
  const { stateDirectory, daemon } = workerData as SupervisorData;
  const files = stateFiles(stateDirectory);
  // Each answer says which daemon answers, for clients that look at it.
  const data = (value: unknown, more: object = {}): CommandAnswer => {
    const content = { data: value, daemon, ...more };
    return { Data: content };
  };
  const success = (content: {
    readonly message: string;
    readonly [more: string]: unknown;
  }): CommandAnswer => {
    const all = { ...content, daemon };
    return { Success: all };
  };

  const handlers: CommandHandlers<SupervisorFunctions> = {
    async Start({ name, config: json, environment, source, mode, replace, dry_run: dryRun }, { service }) {
      const config = configOf(json);
      checkEnvironment(environment);
      const app = addressedNew(name, config);
      const result = await service.start({
        ...app,
        config,
        environment: environment ?? null,
        source: source ?? null,
        mode: mode ?? null,
        replace: replace ?? false,
        dryRun: dryRun ?? false,
      });
      const { action, differs, ...plain } = startAnswer(app.name, result, dryRun ?? false);
      const wantsMore = replace !== undefined || dryRun !== undefined;
      const limit = dryRun === true ? undefined : await notEnforced(service, app, config);
      const notice = noticeOf(limit, notSaved(app, result));
      return success({ ...plain, ...(wantsMore ? { action, differs } : {}), ...notice });
    },
    async Stop({ name, kill_escaped: kill }, { service }) {
      const app = addressed(name);
      const result = await service.stop(app, kill ?? false);
      const message = andEscaped(`Stopped app ${app.name}`, result);
      return success({ message, ...noticeOf(notSaved(app, result)) });
    },
    async Restart({ name, config: json, environment, source, mode, ...how }, { service }) {
      const config = json === undefined ? undefined : configOf(json);
      checkEnvironment(environment);
      const app = config ? addressedNew(name, config) : addressed(name);
      const result = await service.restart({
        ...app,
        config,
        environment,
        source,
        mode: source === undefined ? undefined : (mode ?? null),
        killEscaped: how.kill_escaped ?? false,
        unlessRunning: how.unless_running ?? false,
      });
      if (result.ranAlready)
        return success({ message: runsAlready(app.name, result.pid), running: result.pid });
      const what = result.wasRunning ? 'Restarted' : 'Started';
      const message = andEscaped(`${what} app ${app.name}${withPid(result.pid)}`, result);
      const limit = await notEnforced(service, app, config);
      return success({ message, ...noticeOf(limit, notSaved(app, result)) });
    },
    async Delete({ name, kill_escaped: kill }, { service }) {
      const app = addressed(name);
      const survivors = await service.delete(app, kill ?? false);
      return success({ message: andEscaped(`Deleted app ${app.name}`, survivors) });
    },
    async Status({ name, stats }, { service }) {
      const apps = await service.status(name === null ? null : addressed(name));
      const statuses = apps.map((app) => appStatus(app, files, Date.now()));
      const more = stats === true ? { stats: await service.daemonStats() } : {};
      return data(name === null ? statuses : statuses[0], more);
    },
    async List(_args, { service }) {
      return data(await service.list());
    },
    async Logs({ name, lines, flush }, { service }) {
      const asked = name === null ? null : addressed(name);
      await service.syncOutput(asked?.id ?? null);
      if (flush === true) {
        const emptied = asked === null ? await service.list() : [asked.id];
        for (const id of emptied) await service.flush({ name: asked?.name ?? id, id });
        return success({
          message: `Emptied the log of ${asked === null ? 'every app' : `app ${asked.name}`}`,
        });
      }
      const read = async (ids: readonly string[], bounds: LogBounds) => {
        for (let attempt = 1; ; attempt += 1) {
          const generations = await service.generations(ids);
          const logs = await openAppLogs(stateDirectory, ids);
          try {
            const apps = [];
            for (const [index, log] of logs.entries()) {
              const generation = generations[index] as EventGenerations;
              apps.push([log.id, await readLogs(log, generation, lines, bounds)] as const);
            }
            // If they differ, a file was emptied or put aside meanwhile: its length may be that of another generation.
            const same = isDeepStrictEqual(await service.generations(ids), generations);
            if (same || attempt === ATTEMPTS) return apps;
          } finally {
            await Promise.all(logs.map((log) => log.close()));
          }
        }
      };
      if (asked !== null) {
        await service.status(asked);
        const bounds = { answer: LOG_BYTES, lookBack: LOOK_BACK };
        const [one] = await read([asked.id], bounds);
        return data({ type: 'single', app: asked.name, logs: one?.[1] });
      }
      const ids = await service.list();
      const share = (all: number): number => Math.floor(all / Math.max(1, ids.length));
      const bounds = { answer: share(LOG_BYTES), lookBack: Math.min(LOOK_BACK, share(LOOK_BACK_ALL)) };
      const apps = [];
      for (let at = 0; at < ids.length; at += TOGETHER)
        apps.push(...(await read(ids.slice(at, at + TOGETHER), bounds)));
      return data({ type: 'all', apps });
    },
    async Shutdown({ kill_escaped: kill }, { service }) {
      const { stopped, failed, unsaved, survivors } = await service.shutdown(kill ?? false);
      const apps = `Stopped ${stopped === 1 ? '1 app' : `${stopped} apps`}; the daemon ends now`;
      const message = [
        apps,
        ...failed,
        ...unsaved.map(endUnsaved),
        ...survivors.map((each) => andEscaped(`app ${each.app}`, each)),
      ];
      return success({ message: message.join('\n') });
    },
  };
  return handlers;
});
