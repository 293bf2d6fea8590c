// bunctl doctor
import { accessSync, constants, lstatSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { IpcClient } from '../../client/client.js';
import { candidateSocketPaths, defaultSocketPath } from '../../endpoint/default-path.js';
import { endpointOf, ORIGINAL_SOCKET } from '../../protocol/endpoints.js';
import { listeningPath } from '../../supervisor/state/left-behind.js';
import { stateDirectory, stateFiles } from '../../supervisor/state/paths.js';
import { VERSION } from '../../version.js';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { abandoned } from '../daemon/find.js';
import { EXIT } from '../terminal/exit.js';
import { print, style } from '../terminal/output.js';
import { duration } from '../answers/show.js';
import { allStatuses, daemonInfo, versionNotice } from '../answers/wire.js';

export const help = `Which socket, which daemon, which versions, and what is wrong.

Usage: bunctl doctor

${COMMON_HELP}

Exits with 1 when something is wrong.`;

export async function run(args: string[]): Promise<void> {
  const { daemon } = parse(args, {}, { names: false });
  const problems: string[] = [];
  const line = (what: string, text: string): void => print(`${what.padEnd(10)} ${text}`);
  line('bunctl', `${VERSION}, node ${process.version}, ${process.platform} ${process.arch}`);
  const paths = daemon.socket === undefined ? placesToLook() : [endpointOf(daemon.socket, process.platform)];
  const live: string[] = [];
  for (const path of paths) {
    const found = await look(path, problems);
    if (found.live) live.push(path);
    line('socket', `${path}: ${found.text}`);
  }
  if (live.length > 1)
    problems.push(`More than one daemon of yours is live: ${live.join(', ')}. Commands reach the first.`);
  const path = live[0] ?? endpointOf(daemon.socket ?? defaultSocketPath(), process.platform);
  const state = stateDirectory(path);
  line('state', state);
  line('log', stateFiles(state).daemonLog);
  const writable = canWrite(state);
  if (!writable)
    problems.push(`The state directory cannot be written: ${state}. Set BUNCTL_STATE_DIR to one that can.`);
  for (const file of putAside(stateFiles(state).apps))
    problems.push(
      `${file} is no record of an app and was put aside: its app may run on, unknown to the daemon.`,
    );
  if (live.length === 0) {
    line('daemon', 'none is running; bunctl start starts one');
    const left = await abandoned(daemon);
    if (left)
      problems.push(
        `The daemon on ${left.path} has ended without a shutdown and left ${left.apps.join(', ')}. The next command, bunctl list for one, starts one that looks after what still runs.`,
      );
  }
  for (const problem of problems) print(`${style('red', 'problem')}    ${problem}`);
  if (problems.length > 0) process.exitCode = EXIT.failed;
  else print(style('green', 'All is well.'));
}

/** The rule's places, where a daemon of this user has written down that it listens, and the original's. */
function placesToLook(): string[] {
  const recorded = listeningPath(defaultSocketPath());
  return [
    ...new Set([
      ...candidateSocketPaths(),
      ...(recorded === undefined ? [] : [recorded]),
      ...(process.platform === 'win32' ? [] : [ORIGINAL_SOCKET]),
    ]),
  ];
}

async function look(path: string, problems: string[]): Promise<{ text: string; live: boolean }> {
  let client: IpcClient;
  try {
    client = await IpcClient.connect(path, { timeout: 1000, requestTimeout: 5000 });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENDPOINT_NOT_OURS') problems.push(message);
    return { text: code === 'CONNECT_FAILED' ? absent(path) : message, live: false };
  }
  try {
    const info = await daemonInfo(client);
    // Before anything else asks, and says it as talk.
    const mixed = versionNotice(info);
    if (mixed !== undefined) problems.push(mixed);
    const apps = await allStatuses(client);
    const counted = apps.length === 1 ? '1 app' : `${apps.length} apps`;
    if (!info) return { text: `a daemon answers that is not this bunctl, ${counted}`, live: true };
    const failed = apps.filter(({ backoff_exhausted: exhausted }) => exhausted).map(({ name }) => name);
    if (failed.length > 0)
      problems.push(`Given up after too many restarts: ${failed.join(', ')}. See bunctl logs NAME.`);
    const mode = process.platform === 'win32' ? 0 : lstatSync(path).mode & 0o077;
    if (mode !== 0)
      problems.push(
        `${path} is open to others (mode ${(lstatSync(path).mode & 0o777).toString(8)}); chmod 600 it.`,
      );
    const up = duration(Math.max(0, Math.floor((Date.now() - info.started_at) / 1000)));
    return {
      text: `bunctl ${info.version} answers, pid ${info.pid}, up ${up}, ${counted}`,
      live: true,
    };
  } catch (error) {
    problems.push(`The daemon on ${path} does not answer: ${(error as Error).message}`);
    return { text: 'connected, and no answer', live: true };
  } finally {
    await client.close();
  }
}

function absent(path: string): string {
  const stat = process.platform === 'win32' ? undefined : lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return 'nothing there';
  return stat.isSocket() ? 'left behind, nobody listens (the next daemon replaces it)' : 'not a socket';
}

/** Records that the daemon could not read. */
function putAside(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((file) => file.endsWith('.bad'))
      .map((file) => join(directory, file));
  } catch {
    return [];
  }
}

/** Whether it can be written, or made. */
function canWrite(directory: string): boolean {
  for (let at = directory; ; at = dirname(at)) {
    try {
      accessSync(at, constants.W_OK);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || at === dirname(at)) return false;
    }
  }
}
