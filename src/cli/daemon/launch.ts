// Starts the daemon's process in the background and waits until it says that it is ready, or why it is not.
import { type ChildProcess, spawn } from 'node:child_process';
import { homedir } from 'node:os';
import type { Readable } from 'node:stream';
import { absoluteVariables } from '../../supervisor/state/paths.js';
import { givenOpenFiles } from '../../supervisor/system/open-files.js';
import { onWindows } from '../terminal/system-words.js';
import { daemonEnvironment } from './environment.js';

/** How long, in ms, a daemon may take to be ready. */
const READY_TIMEOUT = 30_000;

/** Why a daemon is not ready, in its own words or ours. */
interface Failure {
  readonly code: string;
  readonly message: string;
}

/**
 * Starts a daemon.
 *
 * @param socket Where it is to listen; undefined for the rule's place.
 * @param patience How long, in ms, it may take to be ready.
 * @returns Undefined when it is ready. Otherwise why it is not; then its process has ended, or is ended here.
 */
export async function startDaemonProcess(
  socket: string | undefined,
  patience = READY_TIMEOUT,
): Promise<Failure | undefined> {
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
      // Its own session: neither a closed terminal nor Ctrl-C reaches the daemon.
      detached: true,
      cwd: onWindows ? homedir() : '/',
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      env: {
        ...daemonEnvironment(process.env),
        ...absoluteVariables(),
        BUNCTL_READY_FD: '3',
        ...(openFiles === undefined ? {} : { BUNCTL_OPEN_FILES: openFiles }),
      },
    },
  );
  const ready = child.stdio[3] as Readable;
  const failure = await readiness(child, ready, patience);
  ready.destroy();
  child.removeAllListeners();
  // An 'error' event without a listener would be thrown.
  child.on('error', () => undefined);
  if (failure?.code === 'TIMEOUT') child.kill('SIGKILL');
  child.unref();
  return failure;
}

/** The daemon writes one line: `ready`, or a failure as JSON. */
function readiness(child: ChildProcess, ready: Readable, patience: number): Promise<Failure | undefined> {
  let text = '';
  return new Promise((resolve) => {
    const settle = (failure: Failure | undefined): void => {
      clearTimeout(timer);
      resolve(failure);
    };
    const timer = setTimeout(settle, patience, {
      code: 'TIMEOUT',
      message: `it was not ready within ${patience / 1000} s (timeout), and was ended`,
    });
    ready.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (!text.includes('\n')) return;
      const line = text.slice(0, text.indexOf('\n'));
      settle(line === 'ready' ? undefined : (JSON.parse(line) as Failure));
    });
    child.once('error', ({ message }) => settle({ code: 'SPAWN', message }));
    child.once('close', (code, signal) =>
      settle({
        code: 'ENDED',
        message: `it ended with ${signal ?? `code ${code}`} before it was ready; run \`bunctl daemon\` to see why`,
      }),
    );
  });
}

/** Our caller's soft limit of open files: Node has raised our own, and a daemon started by us would hand that on. */
function callersOpenFiles(): string | undefined {
  return givenOpenFiles(process.env['BUNCTL_OPEN_FILES'])?.toString();
}
