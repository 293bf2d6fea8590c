// The handlers of the wire's commands, loaded in every lane: they check, ask the supervisor, and word the answer.
import { type CommandAnswer, defineCommands, type ServiceCalls } from '../define.js';
import { type AppConfig, parseAppConfig } from './model/app-config.js';
import { appId } from './model/app-id.js';
import { stateFiles } from './state/paths.js';
import { IpcError } from '../protocol/errors.js';
import { appStatus } from './status.js';
import type { SupervisorFunctions } from './decide/supervisor.js';
import type { SupervisorData } from './model/messages.js';
import { readTail } from './logs/tail.js';

/** Bytes of log lines in one answer: escaped they still fit a frame. */
const LOG_BYTES = 1536 * 1024;

function idOf(name: string): string {
  const id = appId(name);
  if (id === undefined)
    throw new IpcError('APP_NAME_INVALID', `Invalid app name: Invalid app name: ${shown(name)}`);
  return id;
}

/** A name in a message: no longer than a line. */
function shown(name: string): string {
  return name.length > 300 ? `${name.slice(0, 300)}…` : name;
}

function configOf(json: string): AppConfig {
  try {
    return parseAppConfig(json);
  } catch (error) {
    throw new IpcError('APP_CONFIG_INVALID', `Invalid config: ${(error as Error).message}`);
  }
}

/** What has left the app's process group is named: nobody else will stop it. */
function andEscaped(message: string, escaped: readonly number[]): string {
  if (escaped.length === 0) return message;
  return `${message}; it has left behind ${escaped.length === 1 ? 'process' : 'processes'} ${escaped.join(', ')}, which still ${escaped.length === 1 ? 'runs' : 'run'}`;
}

export default defineCommands<SupervisorFunctions>(({ workerData }) => {
  const { stateDirectory, daemon } = workerData as SupervisorData;
  const files = stateFiles(stateDirectory);
  // Each answer says who answers, for clients that know of it.
  const data = (value: unknown): CommandAnswer => {
    const content = { data: value, daemon };
    return { Data: content };
  };
  const success = (message: string, more: object = {}): CommandAnswer => {
    const content = { message, ...more, daemon };
    return { Success: content };
  };

  async function logsOf(
    service: ServiceCalls<SupervisorFunctions>,
    id: string,
    lines: number,
    bytes: number,
  ) {
    // Before the files are read: one that is emptied in between is of a later generation then.
    const generations = await service.generations(id);
    const [output, errors] = await Promise.all([
      readTail(files.log(id, 'stdout'), lines, bytes),
      readTail(files.log(id, 'stderr'), lines, bytes),
    ]);
    return {
      output: output.lines,
      errors: errors.lines,
      /** Where the lines end in the app's files: a `log_line` event that ends further on is not among them. */
      ends: { stdout: output.end, stderr: errors.end },
      /** Of which generation the ends are: an event of a later one is not among the lines either. */
      generations,
    };
  }

  return {
    async Start({ name, config, environment }, { service }) {
      const parsed = configOf(config);
      const id = appId(parsed.name);
      if (id === undefined)
        throw new IpcError(
          'APP_NAME_INVALID',
          `Failed to start app ${shown(name)}: Invalid app name: ${shown(parsed.name)}`,
        );
      const { running } = await service.start(shown(name), id, parsed, environment ?? null);
      // The original's words whether it ran or not; who asks ours can tell.
      return success(`Started app ${shown(name)}`, running === null ? {} : { running });
    },
    async Stop({ name }, { service }) {
      const { escaped } = await service.stop(shown(name), idOf(name));
      return success(andEscaped(`Stopped app ${shown(name)}`, escaped));
    },
    async Restart({ name }, { service }) {
      const { pid, wasRunning, escaped } = await service.restart(shown(name), idOf(name));
      const what = wasRunning ? 'Restarted' : 'Started';
      // It may have ended before anybody looked.
      const how = pid === 0 ? ', which has ended already; its logs may say why' : ` with PID ${pid}`;
      return success(andEscaped(`${what} app ${shown(name)}${how}`, escaped));
    },
    async Delete({ name }, { service }) {
      const { escaped } = await service.delete(shown(name), idOf(name));
      return success(andEscaped(`Deleted app ${shown(name)}`, escaped));
    },
    async Status({ name }, { service }) {
      const apps = await service.status(
        name === null ? null : shown(name),
        name === null ? null : idOf(name),
      );
      const statuses = apps.map((app) => appStatus(app, Date.now()));
      return data(name === null ? statuses : statuses[0]);
    },
    async List(_args, { service }) {
      return data(await service.list());
    },
    async Logs({ name, lines }, { service }) {
      if (name !== null) {
        const id = idOf(name);
        await service.status(shown(name), id);
        return data({
          type: 'single',
          app: shown(name),
          logs: await logsOf(service, id, lines, LOG_BYTES / 2),
        });
      }
      const ids = await service.list();
      const bytes = Math.floor(LOG_BYTES / 2 / Math.max(1, ids.length));
      const apps = [];
      for (const id of ids) apps.push([id, await logsOf(service, id, lines, bytes)]);
      return data({ type: 'all', apps });
    },
  };
});
