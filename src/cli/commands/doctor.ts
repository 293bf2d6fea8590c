// bunctl doctor
import { lstatSync, readFileSync, statSync } from 'node:fs';
import { IpcClient } from '../../client/client.js';
import { defaultSocketPath, endpointAt } from '../../endpoint/default-path.js';
import type { DaemonInfo } from '../../supervisor/model/messages.js';
import { stateDirectory, stateFiles } from '../../supervisor/state/paths.js';
import { ageOf } from '../../supervisor/system/clock.js';
import { isAlive } from '../../supervisor/system/processes.js';
import { VERSION } from '../../version.js';
import { duration } from '../answers/show.js';
import { processOf } from '../answers/daemon-process.js';
import { allStatuses, daemonInfo, replacedNotice, versionNotice } from '../answers/wire.js';
import { appsLeft, type DaemonOptions, givenUpOn } from '../daemon/find.js';
import { isStopped, listenerOn } from '../daemon/listener.js';
import {
  folderProblems,
  limitProblems,
  machineProblems,
  NO_INIT,
  orphanProblems,
} from '../daemon/machine-checks.js';
import { otherPlaces, rulePlaces } from '../daemon/places.js';
import { parse, SOCKET_HELP } from '../input/arguments.js';
import { EXIT, exitCodeOf } from '../terminal/exit.js';
import { print } from '../terminal/output.js';
import { style } from '../terminal/style.js';
import { onWindows, SOCKET } from '../terminal/system-words.js';

const DAY = 24 * 60 * 60 * 1000;
/** How long, in ms, a daemon may take to answer. */
const PATIENCE = 5000;

export const help = `Finds the daemon, its socket and its versions, and what is wrong with them, the machine and the folders.

Usage: bunctl doctor

${SOCKET_HELP}

Exits with 1 when something is wrong.`;

export async function run(args: string[]): Promise<void> {
  const { daemon } = parse(args, {}, { names: false, timeout: false });
  const problems = [...machineProblems(), ...(await limitProblems()), ...(await orphanProblems())];
  const line = (what: string, text: string): void => print(`${what.padEnd(10)} ${text}`);
  line('bunctl', `${VERSION}, node ${process.version}, ${process.platform} ${process.arch}`);
  const live: string[] = [];
  for (const path of [...rulePlaces(daemon.socket), ...(await otherPlaces(daemon.socket))]) {
    const found = await examine(path, problems);
    if (found.live) live.push(path);
    line(SOCKET, `${path}: ${found.text}`);
  }
  if (live.length > 1)
    problems.push(`Several of your daemons are running: ${live.join(', ')}. Commands use the first.`);
  const path = live[0] ?? endpointAt(daemon.socket ?? defaultSocketPath());
  try {
    const state = stateDirectory(path);
    line('state', state);
    line('log', stateFiles(state).daemonLog);
    problems.push(...folderProblems(state, path));
  } catch (error) {
    problems.push((error as Error).message);
  }
  if (live.length === 0) {
    line('daemon', 'not running; bunctl start starts it');
    problems.push(...(await givenUpOn(daemon)), ...(await leftProblems(daemon)));
  }
  for (const problem of problems) print(`${style('red', 'problem')}    ${problem}`);
  if (problems.length > 0) process.exitCode = EXIT.failed;
  else print(style('green', 'All is well.'));
}

async function leftProblems(daemon: DaemonOptions): Promise<string[]> {
  const left = await appsLeft(daemon);
  if (!left) return elsewhereProblems(daemon);
  return [
    ...(await elsewhereProblems(daemon)),
    `The daemon on ${left.path} ended without a shutdown and left ${left.apps.join(', ')}. The next command starts a daemon that looks after what is still running; for example: bunctl list`,
  ];
}

/** A state directory that came from another machine, or that several machines share. */
async function elsewhereProblems({ socket }: DaemonOptions): Promise<string[]> {
  const { leftElsewhere } = await import('../../supervisor/state/left-behind.js');
  const { ids, hosts } = await leftElsewhere(rulePlaces(socket)[0] as string);
  if (ids.length === 0) return [];
  const where = hosts.length > 0 ? ` (${hosts.join(', ')})` : '';
  return [
    `The state says that ${ids.join(', ')} last ran on another machine or in another container${where}. If they still run there, a daemon here would run them a second time: give each machine a state of its own with BUNCTL_STATE_DIR, or stop them there first.`,
  ];
}

/** For a day: why the keeper of the output was replaced. */
function keeperReplaced(path: string): string[] {
  const { keeperReplaced: file } = stateFiles(stateDirectory(path));
  try {
    return Date.now() - statSync(file).mtimeMs < DAY ? [readFileSync(file, 'utf8').trim()] : [];
  } catch {
    return [];
  }
}

/** Asks the daemon on a socket, if there is one, and adds what is wrong with it. */
async function examine(path: string, problems: string[]): Promise<{ text: string; live: boolean }> {
  let client: IpcClient;
  try {
    client = await IpcClient.connect(path, { timeout: 1000, requestTimeout: PATIENCE });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENDPOINT_NOT_OURS') problems.push(message);
    return { text: code === 'CONNECT_FAILED' ? absent(path) : message, live: false };
  }
  try {
    const info = await daemonInfo(client);
    // Taken first: the next answer would say it on stderr.
    const mixed = versionNotice(info);
    if (mixed !== undefined) problems.push(mixed);
    const apps = await allStatuses(client);
    const again = replacedNotice(info);
    if (again !== undefined) problems.push(again);
    problems.push(...keeperReplaced(path));
    const counted = apps.length === 1 ? '1 app' : `${apps.length} apps`;
    if (!info) return { text: `a daemon that is not this bunctl answers, ${counted}`, live: true };
    const failed = apps.filter(({ backoff_exhausted: exhausted }) => exhausted).map(({ name }) => name);
    if (failed.length > 0)
      problems.push(`Given up after too many restarts: ${failed.join(', ')}. See bunctl logs ${failed[0]}`);
    if (info.pid === 1) problems.push(`The daemon on ${path} is process 1 of its container, ${NO_INIT}`);
    problems.push(...modeProblems(path));
    if (info.started_at > Date.now() + 60_000)
      problems.push(`The daemon on ${path} started in the future by this clock: check the clock.`);
    const up = duration(Math.floor(ageOfDaemon(info) / 1000));
    return { text: `bunctl ${info.version} answers, pid ${info.pid}, up ${up}, ${counted}`, live: true };
  } catch (error) {
    if (exitCodeOf(error) === EXIT.timeout) problems.push(await silence(path));
    else problems.push(`The daemon on ${path} does not answer: ${(error as Error).message}`);
    return { text: 'accepts connections, but does not answer', live: true };
  } finally {
    await client.close();
  }
}

/** What can be done about a daemon that does not answer. */
async function silence(path: string): Promise<string> {
  const pid = await listenerOn(path);
  if (pid === undefined) return `The daemon on ${path} does not answer within ${PATIENCE / 1000} s.`;
  return isStopped(pid)
    ? `The daemon on ${path} does not answer: process ${pid} is stopped. To let it go on: kill -CONT ${pid}`
    : `The daemon on ${path}, process ${pid}, does not answer within ${PATIENCE / 1000} s. If it stays so: kill -9 ${pid}. Its apps run on, and the next daemon looks after them.`;
}

/** In ms: by the start of its process, which no setting of the clock changes, or else by the clock. */
function ageOfDaemon(info: DaemonInfo): number {
  const process = processOf(info);
  const age = isAlive(process) ? ageOf(process.startTime) : null;
  return age ?? Math.max(0, Date.now() - info.started_at);
}

function modeProblems(path: string): string[] {
  const mode = onWindows ? 0 : lstatSync(path).mode & 0o777;
  if ((mode & 0o077) === 0) return [];
  return [`${path} is open to others (mode ${mode.toString(8)}); chmod 600 it.`];
}

function absent(path: string): string {
  if (onWindows) return 'no daemon listens there';
  try {
    return lstatSync(path).isSocket()
      ? 'left behind, no daemon listens on it (the next one replaces it)'
      : 'not a socket';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'nothing there' : message;
  }
}
