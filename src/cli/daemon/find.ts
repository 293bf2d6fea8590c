// How a command finds its daemon, and starts one if there is none and the command wants one.
import { IpcClient } from '../../client/client.js';
import { systemClock } from '../../clock.js';
import { defaultSocketPath, endpointAt } from '../../endpoint/default-path.js';
import { CliError, EXIT } from '../terminal/exit.js';
import { say } from '../terminal/output.js';
import { namedSocket, otherPlaces, rulePlaces } from './places.js';

/** How long an answer may take, in ms, without --timeout; the longest stop timeout would be an hour. */
const ANSWER_TIMEOUT = 120_000;
/** How long, in ms, another daemon that is just starting may take to listen. */
const STARTING_TIMEOUT = 30_000;

export interface DaemonOptions {
  /** An absolute path, or a pipe's name. */
  readonly socket?: string | undefined;
  /** In seconds; 0 waits as long as it takes. */
  readonly timeout?: number | undefined;
}

/** When a command that finds no daemon starts one. */
export interface StartRule {
  /**
   * `never`; `if-left`: if the last daemon ended without a shutdown and left apps running, so that they are under
   * control again whichever command comes next; `always`. If many commands start a daemon at once, one succeeds and the
   * others use its daemon.
   */
  readonly start: 'never' | 'if-left' | 'always';
  /** For `always`: called before a daemon is started that finds no running apps; may throw to prevent it. */
  readonly before?: () => Promise<void>;
}

/**
 * Connects to the daemon, or starts one first if the rule says so.
 *
 * @returns Undefined if there is none and none was to be started.
 */
export async function daemonFor(options: DaemonOptions, rule: StartRule): Promise<IpcClient | undefined> {
  const found = await connectToRunning(options);
  if (found) return found;
  for (const sentence of await givenUpOn(options)) say(sentence);
  if (rule.start === 'never') return undefined;
  const left = await appsLeft(options);
  if (left) {
    const { client, isNew } = await startAndConnect(options, left.path);
    const [apps, them] = left.apps.length === 1 ? ['an app', 'it'] : [`${left.apps.length} apps`, 'them'];
    if (isNew)
      say(
        `The daemon had ended without a shutdown and left ${apps}; a new one on ${left.path} looks after ${them}`,
      );
    return client;
  }
  if (rule.start === 'if-left') return undefined;
  await rule.before?.();
  const path = endpointAt(options.socket ?? defaultSocketPath());
  const { client, isNew } = await startAndConnect(options, path);
  if (isNew) say(`Started the daemon on ${path}`);
  return client;
}

/**
 * As {@link daemonFor}, for commands that cannot do without.
 *
 * @throws {CliError} exit code 6 if there is no daemon.
 */
export async function requireDaemon(options: DaemonOptions, rule: StartRule): Promise<IpcClient> {
  const client = await daemonFor(options, rule);
  if (client) return client;
  const named = namedSocket(options.socket);
  throw new CliError(
    EXIT.unreachable,
    `No daemon is running${named === undefined ? '' : ` on ${named}`}. \`bunctl start\` starts one with an app, \`bunctl daemon\` runs one in the foreground, \`bunctl doctor\` shows where it is searched for.`,
  );
}

/** Does something with the daemon of {@link requireDaemon}, and closes the connection. */
export async function withDaemon(
  options: DaemonOptions,
  rule: StartRule,
  use: (client: IpcClient) => Promise<void>,
): Promise<void> {
  const client = await requireDaemon(options, rule);
  try {
    await use(client);
  } finally {
    await client.close();
  }
}

/** Another connection to the same daemon: what is asked on one connection is done in order. */
export const anotherConnection = ({ path }: IpcClient, options: DaemonOptions): Promise<IpcClient> =>
  IpcClient.connect(path, clientOptions(options));

/** Where a daemon ended without a shutdown, and the ids of the apps that it left running; undefined if nowhere. */
export async function appsLeft({
  socket,
}: DaemonOptions): Promise<{ path: string; apps: string[] } | undefined> {
  const { leftBehind } = await import('../../supervisor/state/left-behind.js');
  for (const path of rulePlaces(socket)) {
    const apps = await leftBehind(path);
    if (apps.length > 0) return { path, apps };
  }
  return undefined;
}

/** Why daemons that died were not started again, in sentences. */
export async function givenUpOn({ socket }: DaemonOptions): Promise<string[]> {
  const { givenUp } = await import('../../supervisor/state/left-behind.js');
  const sentences = await Promise.all(rulePlaces(socket).map(givenUp));
  return [...new Set(sentences.filter((sentence) => sentence !== undefined))];
}

/** The ids of the apps that a daemon, however it ended, has a record of on disk. */
export async function appsOnDisk({ socket }: DaemonOptions): Promise<ReadonlySet<string>> {
  const { recorded } = await import('../../supervisor/state/left-behind.js');
  return new Set((await Promise.all(rulePlaces(socket).map(recorded))).flat());
}

/** How long an answer may take, in ms; 0 waits as long as it takes. */
export const answerTimeout = ({ timeout }: DaemonOptions): number =>
  timeout === undefined ? ANSWER_TIMEOUT : timeout * 1000;

const clientOptions = (options: DaemonOptions) => ({ requestTimeout: answerTimeout(options) });

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

async function connectToRunning(options: DaemonOptions): Promise<IpcClient | undefined> {
  const { socket } = options;
  return (
    (await connectToFirst(rulePlaces(socket), options)) ??
    (await connectToFirst(await otherPlaces(socket), options))
  );
}

/** Connects to the first place with a daemon; a socket of another user is passed over, unless it was named. */
async function connectToFirst(
  places: readonly string[],
  options: DaemonOptions,
): Promise<IpcClient | undefined> {
  const named = namedSocket(options.socket) !== undefined;
  for (const place of places) {
    try {
      return await IpcClient.connect(place, { ...clientOptions(options), retry: 'busy' });
    } catch (error) {
      const passedOver =
        codeOf(error) === 'CONNECT_FAILED' || (codeOf(error) === 'ENDPOINT_NOT_OURS' && !named);
      if (!passedOver) throw error;
    }
  }
  return undefined;
}

async function startAndConnect(
  options: DaemonOptions,
  path: string,
): Promise<{ client: IpcClient; isNew: boolean }> {
  const { startDaemonProcess } = await import('./launch.js');
  // Without --socket the daemon itself looks for others on all places of the rule.
  const socket = options.socket ?? (path === defaultSocketPath() ? undefined : path);
  const failure = await startDaemonProcess(socket);
  if (failure && failure.code !== 'ENDPOINT_IN_USE')
    throw new CliError(EXIT.unreachable, `The daemon could not be started: ${failure.message}`);
  if (failure) return { client: await connectToOther(options, path), isNew: false };
  return { client: await IpcClient.connect(path, clientOptions(options)), isNew: true };
}

/**
 * Connects to the daemon that was there first. It may hold its lock and not listen yet; and it may listen on a place
 * that the rule does not give here, which it writes down.
 */
async function connectToOther(options: DaemonOptions, path: string): Promise<IpcClient> {
  const { listeningPath } = await import('../../supervisor/state/left-behind.js');
  const deadline = systemClock.now() + STARTING_TIMEOUT;
  for (;;) {
    for (const place of [options.socket, await listeningPath(path)]) {
      try {
        return await IpcClient.connect(place, { ...clientOptions(options), timeout: 500, retry: 'absent' });
      } catch (error) {
        if (codeOf(error) !== 'CONNECT_FAILED' || systemClock.now() > deadline) throw error;
      }
    }
  }
}
