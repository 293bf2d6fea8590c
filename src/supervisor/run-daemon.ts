// The process manager's daemon as a process: endpoint, state, log, signals, and the word that it is ready.
import { writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { lockEndpoint } from '../endpoint/lock.js';
import { IpcClient } from '../client/index.js';
import { startDaemon } from '../daemon.js';
import { candidateSocketPaths, defaultSocketPath } from '../endpoint/default-path.js';
import { endpointOf } from '../protocol/endpoints.js';
import { IpcError } from '../protocol/errors.js';
import { VERSION } from '../version.js';
import { listeningPath } from './state/left-behind.js';
import { LogFile } from './logs/daemon-log.js';
import { stateDirectory, stateFiles } from './state/paths.js';
import { ProcessHost } from './host/process-host.js';
import { softLimit } from './host/soft-limit.js';
import { privateDirectory } from './state/store.js';
import type { SupervisorData } from './model/messages.js';

export interface RunOptions {
  /** Default: the rule's; then no other daemon of the user may be on another of its places. */
  readonly socketPath?: string | undefined;
  /** Start requests for apps that are to run from the beginning. */
  readonly apps?: readonly { readonly name: string; readonly config: string }[];
}

export interface RunningDaemon {
  readonly socketPath: string;
  readonly stateDirectory: string;
  readonly daemonLog: string;
  /** Resolves when a signal has ended it, with the exit code. */
  readonly ended: Promise<number>;
}

/** Longest an app may take to stop, and so a command. */
const COMMAND_TIMEOUT = 2 * 3600 * 1000;
/** How long answers and events may take to leave, in ms, when the daemon ends. */
const GRACE = 5000;

/**
 * Runs the daemon until SIGTERM or SIGINT: its apps are stopped, each with its own timeout. A second signal ends
 * it at once and leaves them running.
 *
 * @throws {IpcError} as `startDaemon`.
 */
export async function runDaemon({ socketPath, apps = [] }: RunOptions): Promise<RunningDaemon> {
  const path = endpointOf(socketPath ?? defaultSocketPath(), process.platform);
  if (socketPath === undefined) await refuseSecond(path);
  const directory = stateDirectory(path);
  const files = stateFiles(directory);
  for (const each of [directory, files.apps, files.logs]) await privateDirectory(each);
  await own(directory, path);
  const log = pino(
    { base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    new LogFile(files.daemonLog),
  );
  const { host, daemon } = await bring(path, directory, log);
  writeFileSync(files.socket, `${path}\n`, { mode: 0o600 });
  const ended = untilSignal(async () => {
    log.info('stopping the apps');
    await host.shutDown();
    await daemon.close({ grace: GRACE });
    host.close();
  });
  void startApps(path, apps, (name, why) => log.error({ app: name, why }, 'an app could not be started'));
  return { socketPath: path, stateDirectory: directory, daemonLog: files.daemonLog, ended };
}

/**
 * For this process's life. Two daemons on different sockets could come by one state otherwise, and each start the
 * same apps: when the socket's directory was removed and made anew, for one.
 */
async function own(directory: string, path: string): Promise<void> {
  try {
    await lockEndpoint(stateFiles(directory).lock);
  } catch (cause) {
    if (!(cause instanceof IpcError) || cause.code !== 'ENDPOINT_IN_USE') throw cause;
    throw new IpcError(
      'ENDPOINT_IN_USE',
      `A daemon of yours runs on ${listeningPath(path) ?? path} already and keeps its apps in ${directory}; stop it first, or give this one a path with --socket`,
      { cause },
    );
  }
}

async function bring(path: string, directory: string, log: pino.Logger) {
  const host = new ProcessHost({
    files: stateFiles(directory),
    log,
    limit: await softLimit(log),
    socket: path,
  });
  const workerData: SupervisorData = {
    stateDirectory: directory,
    daemon: { version: VERSION, pid: process.pid, socket: path, state: directory, started_at: Date.now() },
  };
  const daemon = await startDaemon({
    socketPath: path,
    commands: new URL('./commands.js', import.meta.url),
    service: new URL('./decide/supervisor.js', import.meta.url),
    host: host.functions(),
    workerData,
    workers: { commandTimeout: COMMAND_TIMEOUT },
    log,
  });
  host.subscribers = () => daemon.stats().events.subscribers > 0;
  return { host, daemon };
}

/** A daemon that was given no path must be the user's only one. */
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

/** One bad app keeps nobody else from starting. */
async function startApps(
  path: string,
  apps: NonNullable<RunOptions['apps']>,
  onFault: (name: string, why: string) => void,
): Promise<void> {
  if (apps.length === 0) return;
  const client = await IpcClient.connect(path);
  try {
    for (const { name, config } of apps) {
      const answer = await client.request({ Start: { name, config } });
      if ('Error' in answer) onFault(name, answer.Error.message);
    }
  } finally {
    await client.close();
  }
}

function untilSignal(stop: () => Promise<void>): Promise<number> {
  return new Promise((resolve) => {
    let stopping = false;
    const onSignal = (): void => {
      // The second one: the apps are left running.
      if (stopping) process.exit(130);
      stopping = true;
      stop().then(
        () => resolve(0),
        () => resolve(1),
      );
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
    // A closed terminal is no reason to end.
    process.on('SIGHUP', () => undefined);
  });
}
