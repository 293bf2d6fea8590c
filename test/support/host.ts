// A process host of the test's own, in a directory of its own, and processes as former daemons have left them.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { pino } from 'pino';
import { parseAppConfig } from '#dist/supervisor/model/app-config.js';
import type { AppRecord } from '#dist/supervisor/model/app-record.js';
import { STOPPED } from '#dist/supervisor/model/app-state.js';
import { ProcessHost } from '#dist/supervisor/host/process-host.js';
import { stateFiles } from '#dist/supervisor/state/paths.js';
import { temporaryDirectory } from './daemon.js';
import { FakeClock } from './fake-clock.js';
import { openFilesGo } from './platform.js';
import { LASTS, type Program } from './programs.js';
import { until } from './until.js';

export const SLEEPS = parseAppConfig(JSON.stringify({ name: 'a', command: LASTS[0], args: LASTS.slice(1) }));

/** Four digits of this process's own: another one that runs the same tests has no process with its marks. */
const OWN = randomBytes(2).toString('hex');

/** A nonce: the digits that all runs of an app share, four of them the test's, and the number of the run. */
export const nonceOf = (shared: string, run: number): string =>
  OWN + shared.padStart(4, '0') + run.toString(16).padStart(8, '0');

/** A record of an app that was running. */
export function recordOf(record: Partial<AppRecord> = {}): AppRecord {
  return {
    version: 1,
    id: 'a',
    config: SLEEPS,
    environment: null,
    source: null,
    mode: null,
    state: { ...STOPPED, status: 'Running', wanted: 'running', pid: 1 },
    nonce: nonceOf('a', 1),
    process: null,
    ...record,
  };
}

/** A host that finds these records; its shutdown waits by the clock of the test. Nothing that it starts outlives the test. */
export function testHost(...records: AppRecord[]) {
  const directory = temporaryDirectory();
  const files = stateFiles(directory);
  for (const directory of [files.apps, files.logs]) mkdirSync(directory);
  for (const record of records) writeFileSync(files.app(record.id), JSON.stringify(record));
  const log = pino({ level: 'silent' });
  const clock = new FakeClock();
  const made = new ProcessHost({
    files,
    log,
    clock,
    limit: undefined,
    socket: '/nowhere',
    output: { directory, defaults: {}, again: null },
  });
  const functions = made.functions();
  const recordOnDisk = (): AppRecord => JSON.parse(readFileSync(files.app('a'), 'utf8')) as AppRecord;
  onTestFinished(async () => {
    functions.signal('a', 'SIGKILL');
    const ended = async () => (await functions.inventory()).apps.every(({ live }) => !live);
    if (!openFilesGo) await until(ended, 'it has ended');
    made.close();
  });
  return { made, clock, directory, files, recordOnDisk, ...functions };
}

/** The output of a process whose first line is awaited. */
export interface Scripted {
  readonly pid: number;
  readonly lines: readonly string[];
  /** Resolves when the process itself has ended. */
  readonly ended: Promise<void>;
}

/** A shell in a session and a group of its own, which is killed with the test; resolves when it has printed `ready`. */
export async function script(text: string, env: Record<string, string> = {}): Promise<Scripted> {
  return program(['sh', '-c', text], env);
}

/** As {@link script}, of any program. */
export async function program(
  [command, ...args]: Program,
  env: Record<string, string> = {},
): Promise<Scripted> {
  const child = spawn(command === 'node' ? process.execPath : command, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const pid = child.pid as number;
  onTestFinished(() => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended, or there are no groups.
      child.kill('SIGKILL');
    }
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (printed += part));
  const made = {
    pid,
    ended,
    get lines() {
      return printed.split('\n').slice(0, -1);
    },
  };
  await until(() => made.lines.includes('ready'), 'it is ready');
  return made;
}
