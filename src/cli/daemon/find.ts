// How a command finds its daemon, and how `start` brings one up when there is none.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { IpcClient } from '../../client/client.js';
import { candidateSocketPaths, defaultSocketPath } from '../../endpoint/default-path.js';
import { endpointOf } from '../../protocol/endpoints.js';
import { daemonEnvironment } from './environment.js';
import { CliError, EXIT } from '../terminal/exit.js';
import { say } from '../terminal/output.js';

/** How long an answer may take, in ms, when nothing else is said; the longest stop timeout would be an hour. */
const ANSWER_TIMEOUT = 120_000;
/** How long a daemon may take to be ready, in ms. */
const READY_TIMEOUT = 30_000;

export interface DaemonOptions {
  /** Absolute, or a pipe's name. */
  readonly socket?: string | undefined;
  /** In seconds. */
  readonly timeout?: number | undefined;
}

function clientOptions({ timeout }: DaemonOptions) {
  return { requestTimeout: timeout === undefined ? ANSWER_TIMEOUT : timeout * 1000 };
}

const isCode = (error: unknown, code: string): boolean => (error as { code?: unknown }).code === code;

/** Connects to the daemon that runs. */
export async function connectRunning(options: DaemonOptions): Promise<IpcClient> {
  try {
    return await IpcClient.connect(options.socket, { ...clientOptions(options), retry: 'busy' });
  } catch (error) {
    if (!isCode(error, 'CONNECT_FAILED')) throw error;
    throw new CliError(
      EXIT.unreachable,
      `No daemon is running${options.socket === undefined ? '' : ` on ${options.socket}`}. \`bunctl start\` starts one with an app, \`bunctl daemon\` one in the foreground, \`bunctl doctor\` tells where it is looked for.`,
      { cause: error },
    );
  }
}

/** As {@link connectRunning}; undefined when none runs. */
export async function connectIfRunning(options: DaemonOptions): Promise<IpcClient | undefined> {
  try {
    return await connectRunning(options);
  } catch (error) {
    if (error instanceof CliError && error.exitCode === EXIT.unreachable) return undefined;
    throw error;
  }
}

/**
 * Connects to the daemon. One that has ended without a shutdown, and left apps running, is replaced first: what was
 * started is under control again, whichever command comes next.
 */
export async function connect(options: DaemonOptions): Promise<IpcClient> {
  try {
    return await connectRunning(options);
  } catch (error) {
    const revived = await revive(options);
    if (revived) return revived;
    throw error;
  }
}

/** As {@link connect}; undefined when there is no daemon and nothing that one has left. */
export async function connectIfThere(options: DaemonOptions): Promise<IpcClient | undefined> {
  return (await connectIfRunning(options)) ?? (await revive(options));
}

/** As {@link connect}, and starts a daemon if there is nothing. Of many that try at once one starts it. */
export async function connectOrStart(options: DaemonOptions): Promise<IpcClient> {
  const there = await connectIfThere(options);
  if (there) return there;
  const path = endpointOf(options.socket ?? defaultSocketPath(), process.platform);
  const { client, isNew } = await startAndConnect(options, path);
  if (isNew) say(`Started the daemon on ${path}`);
  return client;
}

/** Where a daemon may have been, and the apps it has left there. */
export async function abandoned({
  socket,
}: DaemonOptions): Promise<{ path: string; apps: string[] } | undefined> {
  const { leftBehind } = await import('../../supervisor/state/left-behind.js');
  const paths = socket === undefined ? candidateSocketPaths() : [endpointOf(socket, process.platform)];
  for (const path of paths) {
    const apps = leftBehind(path);
    if (apps.length > 0) return { path, apps };
  }
  return undefined;
}

/** The apps of which a daemon that has ended, in whatever way, has left a record. */
export async function knownOnDisk({ socket }: DaemonOptions): Promise<ReadonlySet<string>> {
  const { recorded } = await import('../../supervisor/state/left-behind.js');
  const paths = socket === undefined ? candidateSocketPaths() : [endpointOf(socket, process.platform)];
  return new Set(paths.flatMap(recorded));
}

async function revive(options: DaemonOptions): Promise<IpcClient | undefined> {
  const found = await abandoned(options);
  if (!found) return undefined;
  const { path, apps } = found;
  const { client, isNew } = await startAndConnect(options, path);
  if (isNew)
    say(
      `The daemon had ended without a shutdown and left ${apps.length === 1 ? 'an app' : `${apps.length} apps`}; a new one on ${path} looks after ${apps.length === 1 ? 'it' : 'them'}`,
    );
  return client;
}

async function startAndConnect(
  options: DaemonOptions,
  path: string,
): Promise<{ client: IpcClient; isNew: boolean }> {
  // The rule's own place is not named, so that the daemon looks for others on the rule's other places.
  const socket = options.socket ?? (path === defaultSocketPath() ? undefined : path);
  const failure = await startDaemonProcess(socket);
  if (failure && failure.code !== 'ENDPOINT_IN_USE')
    throw new CliError(EXIT.unreachable, `The daemon could not be started: ${failure.message}`);
  if (failure) return { client: await connectToOther(options, path), isNew: false };
  const client = await IpcClient.connect(path, { ...clientOptions(options), timeout: READY_TIMEOUT });
  return { client, isNew: true };
}

/**
 * Connects to the daemon that was there first. It may have its lock and not yet its socket; and it may listen on a
 * place that the rule does not give here, which it has written down.
 */
async function connectToOther(options: DaemonOptions, path: string): Promise<IpcClient> {
  const { listeningPath } = await import('../../supervisor/state/left-behind.js');
  const deadline = performance.now() + READY_TIMEOUT;
  for (;;) {
    for (const place of [options.socket, listeningPath(path)]) {
      try {
        return await IpcClient.connect(place, { ...clientOptions(options), timeout: 500, retry: 'absent' });
      } catch (error) {
        if (!isCode(error, 'CONNECT_FAILED') || performance.now() > deadline) throw error;
      }
    }
  }
}

interface Failure {
  readonly code: string;
  readonly message: string;
}

/** Resolves when the daemon says that it is ready, or with why it is not. */
async function startDaemonProcess(socket: string | undefined): Promise<Failure | undefined> {
  const openFiles = callersOpenFiles();
  const child = spawn(
    process.execPath,
    [
      ...process.execArgv,
      process.argv[1] as string,
      'daemon',
      ...(socket === undefined ? [] : ['--socket', socket]),
    ],
    {
      // Its own session: neither a closed terminal nor Ctrl-C in it reaches the daemon.
      detached: true,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      env: {
        ...daemonEnvironment(process.env),
        ...absoluteVariables(),
        BUNCTL_READY_FD: '3',
        ...(openFiles === undefined ? {} : { BUNCTL_OPEN_FILES: openFiles }),
      },
    },
  );
  const words = child.stdio[3] as Readable;
  let text = '';
  const outcome = new Promise<Failure | undefined>((resolve) => {
    const timer = setTimeout(
      () =>
        resolve({ code: 'TIMEOUT', message: `it was not ready within ${READY_TIMEOUT / 1000} s (timeout)` }),
      READY_TIMEOUT,
    );
    const settle = (failure: Failure | undefined): void => {
      clearTimeout(timer);
      resolve(failure);
    };
    words.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (!text.includes('\n')) return;
      const word = text.slice(0, text.indexOf('\n'));
      settle(word === 'ready' ? undefined : (JSON.parse(word) as Failure));
    });
    child.once('error', ({ message }) => settle({ code: 'SPAWN', message }));
    child.once('close', (code, signal) =>
      settle({
        code: 'ENDED',
        message: `it ended with ${signal ?? `code ${code}`} before it was ready; run \`bunctl daemon\` to see why`,
      }),
    );
  });
  const failure = await outcome;
  words.destroy();
  child.removeAllListeners();
  child.unref();
  return failure;
}

/** What our environment names relative to our directory, as the daemon in its own finds it. */
function absoluteVariables(): NodeJS.ProcessEnv {
  const state = process.env['BUNCTL_STATE_DIR'];
  return {
    ...(process.env['BUNCTL_SOCKET'] ? { BUNCTL_SOCKET: defaultSocketPath() } : {}),
    ...(state ? { BUNCTL_STATE_DIR: resolve(state) } : {}),
  };
}

/** The soft limit of whoever called us: Node has raised our own, and a daemon of ours would hand that on. */
function callersOpenFiles(): string | undefined {
  try {
    return /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${process.ppid}/limits`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
