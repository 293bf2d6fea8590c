// The process manager's daemon as a process: endpoint, state, log, the declared file, and its end.
import { rm } from 'node:fs/promises';
import type { Logger } from 'pino';
import { IpcClient } from '../client/index.js';
import { waitingClock } from '../clock.js';
import { startDaemon } from '../daemon.js';
import { candidateSocketPaths, defaultSocketPath, endpointAt } from '../endpoint/default-path.js';
import { IpcError } from '../protocol/errors.js';
import type { Daemon } from '../running-daemon.js';
import { VERSION } from '../version.js';
import type { EndSignals } from './end-signals.js';
import { ProcessHost } from './host/process-host.js';
import { softLimit } from './host/start/soft-limit.js';
import { WatcherLink } from './host/windows/watcher-link.js';
import { daemonLogger } from './logs/daemon-logger.js';
import type { LogDefaults } from './model/log-settings.js';
import { REPLACES } from './model/own-variables.js';
import type { DaemonCommand } from './model/keeper-messages.js';
import type { DeclaredFile, DeclaredOutcome } from './model/declared-file.js';
import type { MainFunctions } from './model/host-functions.js';
import type { ShutdownResult, SupervisorData } from './model/messages.js';
import { prepareStateDirectory } from './state/own-files.js';
import { ownState } from './state/owner.js';
import { writeWhole } from './state/whole-file.js';
import { identify } from './system/processes.js';
import { absoluteVariables, stateDirectory, stateFiles } from './state/paths.js';

export interface RunOptions {
  /** Default: the rule's first place; then no other daemon of the user may be on another of its places. */
  readonly socketPath?: string | undefined;
  /** The file that declares the apps to run. */
  readonly declared?: DeclaredFile | undefined;
  readonly signals: EndSignals;
  /** Called when a second signal ends the daemon, with the ids of the apps that run on. */
  readonly onAbandoned?: ((apps: readonly string[]) => void) | undefined;
  /** For apps whose configuration does not say how their output is kept. */
  readonly logDefaults?: LogDefaults | undefined;
  /** How the daemon is started again when it dies, but for its socket; null for not at all. */
  readonly again?: DaemonCommand | null | undefined;
}

export interface RunningDaemon {
  readonly socketPath: string;
  readonly stateDirectory: string;
  readonly daemonLog: string;
  /** The outcome of the declared file for each app; never resolves when the daemon ends before it was applied. */
  readonly applied: Promise<readonly DeclaredOutcome[]>;
  /** Resolves when the daemon has ended, with what it has stopped; null when the supervisor did not tell. */
  readonly ended: Promise<ShutdownResult | null>;
}

/** The longest, in ms, that a command may take: an app may take an hour to stop, and a Restart stops and starts. */
export const COMMAND_TIMEOUT = 2 * 3600 * 1000;
/** How long, in ms, answers and events may take to leave when the daemon ends. */
const GRACE = 5000;
/** How long, in ms, the daemon may take to remove its socket after a second signal. */
const SECOND_SIGNAL_GRACE = 200;

/**
 * Runs the daemon until the first signal or a Shutdown request: then its apps are stopped, each with its own timeout.
 * A second signal ends it at once and leaves them running; a copy of the first does not count, see `catchEndSignals`.
 *
 * @throws {IpcError} as `startDaemon`; `ENDPOINT_NOT_OURS` when the state directory is not the user's own;
 *   `SHUTTING_DOWN` when a signal came before anything was started.
 */
export async function runDaemon(options: RunOptions): Promise<RunningDaemon> {
  const { socketPath, declared, signals } = options;
  const path = endpointAt(socketPath ?? defaultSocketPath());
  if (socketPath === undefined) await refuseSecond(path);
  const directory = stateDirectory(path);
  // A daemon that is started again in its place gets these variables, and runs in another folder.
  Object.assign(process.env, absoluteVariables());
  const files = stateFiles(directory);
  for (const each of [directory, files.apps, files.logs, files.pipes]) await prepareStateDirectory(each);
  const { lockHolds, untold } = await ownState(directory, path);
  const log = daemonLogger(files.daemonLog);
  if (!lockHolds && process.platform !== 'win32')
    log.warn(
      { directory },
      'no lock on files is available: a daemon on another host could use this state as well',
    );
  if (untold !== undefined)
    log.warn({ err: untold }, 'the owner of the state cannot be written down for other daemons');
  if (signals.received())
    throw new IpcError('SHUTTING_DOWN', 'The daemon was told to end before it had started');
  const main = new Main(declared, signals, (app, why) =>
    log.error({ app, why }, 'an app of the declared file could not be started'),
  );
  await rm(files.givenUp, { force: true });
  const replaces = replacedDaemon();
  if (replaces !== null) log.warn({ replaces }, 'this daemon was started because the one before it had died');
  const { host, daemon, watcher } = await bring(path, directory, log, main, { ...options, replaces });
  // It tells `doctor` and other commands where the apps of this state are, and is not worth a daemon.
  await writeWhole(files.socket, `${path}\n`).catch((err: unknown) =>
    log.warn({ err }, 'the path of the socket cannot be written down for other commands'),
  );
  // The apps keep running, but the socket's file does not stay behind.
  signals.onSecond(() => {
    const apps = host.running();
    log.warn({ apps }, 'a second signal ends the daemon; its apps run on');
    options.onAbandoned?.(apps);
    const exit = (): never => process.exit(130);
    setTimeout(exit, SECOND_SIGNAL_GRACE);
    // The keeper or the watcher must know before this process is gone: it would start another daemon.
    Promise.allSettled([host.outputs.leave(), watcher?.leave(), daemon.close({ grace: 0 })]).then(exit, exit);
  });
  const ended = signals.first.then(async () => {
    log.info('stopping the apps');
    await host.shutDown();
    await daemon.close({ grace: GRACE });
    await Promise.all([host.outputs.leave(), watcher?.leave()]);
    await host.outputs.keeper.gone();
    host.close();
    return main.result;
  });
  return {
    socketPath: path,
    stateDirectory: directory,
    daemonLog: files.daemonLog,
    applied: main.outcomes,
    ended,
  };
}

/** The functions by which the supervisor asks the daemon as a whole, and reports to it. */
class Main {
  readonly outcomes: Promise<readonly DeclaredOutcome[]>;
  result: ShutdownResult | null = null;
  /** The daemon, once it runs. */
  daemon: Daemon | undefined;
  readonly #signals: EndSignals;
  readonly #onFailed: (app: string, why: string) => void;
  /** Kept until it was applied: a supervisor that dies before leaves it to the next one. */
  #declared: DeclaredFile | null;
  #onApplied!: (outcomes: readonly DeclaredOutcome[]) => void;

  constructor(
    declared: DeclaredFile | undefined,
    signals: EndSignals,
    onFailed: (app: string, why: string) => void,
  ) {
    this.#declared = declared ?? null;
    this.#signals = signals;
    this.#onFailed = onFailed;
    this.outcomes = new Promise((resolve) => {
      this.#onApplied = resolve;
    });
  }

  functions(): Omit<MainFunctions, keyof ReturnType<ProcessHost['functions']>> {
    return {
      declared: () => this.#declared,
      applied: (outcomes) => {
        this.#declared = null;
        for (const { app, outcome, why } of outcomes)
          if (outcome === 'failed') this.#onFailed(app, why ?? 'unknown');
        this.#onApplied(outcomes);
      },
      stats: () => {
        if (this.daemon === undefined) throw new Error('The daemon is still starting');
        return this.daemon.stats();
      },
      shutDown: () => this.#signals.request(),
      shuttingDown: () => this.#signals.received(),
      shutdownResult: (result) => {
        this.result = result;
      },
    };
  }
}

/** The number of the daemon that has died and that this one replaces; null when it was started in another way. */
function replacedDaemon(): number | null {
  const replaces = Number(process.env[REPLACES]);
  // True of this daemon alone.
  process.env[REPLACES] = '';
  return Number.isInteger(replaces) && replaces > 0 ? replaces : null;
}

async function bring(
  path: string,
  directory: string,
  log: Logger,
  main: Main,
  { socketPath, logDefaults, again, replaces }: RunOptions & { readonly replaces: number | null },
) {
  const socket = socketPath === undefined ? [] : ['--socket', path];
  const command = again ? { program: again.program, args: [...again.args, ...socket] } : null;
  const host = new ProcessHost({
    output: { directory, defaults: logDefaults ?? {}, again: command },
    files: stateFiles(directory),
    log,
    clock: waitingClock,
    limit: await softLimit(log),
    socket: path,
  });
  const workerData: SupervisorData = {
    stateDirectory: directory,
    daemon: {
      version: VERSION,
      pid: process.pid,
      socket: path,
      state: directory,
      started_at: Date.now(),
      start_time: identify(process.pid).startTime,
      replaces,
    },
  };
  const started = startDaemon({
    socketPath: path,
    commands: new URL('./commands.js', import.meta.url),
    service: new URL('./decide/supervisor.js', import.meta.url),
    host: { ...host.functions(), ...main.functions() },
    workerData,
    workers: { commandTimeout: COMMAND_TIMEOUT },
    log,
  });
  const daemon = await started.catch(async (error: unknown) => {
    // Or the keeper would take this for a death.
    await host.outputs.leave();
    throw error;
  });
  main.daemon = daemon;
  host.subscribers = () => daemon.stats().events.subscribers > 0;
  // Until a keeper that is there knows this daemon, it starts others in its place.
  if (process.platform !== 'win32') host.outputs.keeper.greet().catch(() => undefined);
  // Where there are no FIFOs there is no keeper that would start it again.
  const watcher =
    process.platform === 'win32' && command !== null
      ? new WatcherLink({ directory, log, again: command, fromWatcher: replaces !== null })
      : undefined;
  return { host, daemon, watcher };
}

/** A daemon without a named socket must be the only one of its user. */
async function refuseSecond(path: string): Promise<void> {
  for (const candidate of candidateSocketPaths()) {
    if (candidate === path) continue;
    const client = await IpcClient.connect(candidate, { timeout: 300 }).catch(() => undefined);
    if (!client) continue;
    await client.close();
    throw new IpcError(
      'ENDPOINT_IN_USE',
      `A daemon of yours runs on ${candidate} already; stop it first, or give this one a path with --socket`,
    );
  }
}
