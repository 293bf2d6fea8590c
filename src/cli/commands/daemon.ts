// bunctl daemon
import { subscribe } from 'node:diagnostics_channel';
import { closeSync, writeSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { CliError, EXIT } from '../terminal/exit.js';
import { print, say } from '../terminal/output.js';

export const help = `Runs the daemon in the foreground. It is started by itself when \`bunctl start\` needs one.

Usage: bunctl daemon [-s PATH] [-c FILE]

  -s, --socket PATH    where to listen
  -c, --config FILE    start its apps that have auto_start
${COMMON_HELP}

SIGTERM and Ctrl-C stop the apps, each with its own timeout, and end it; a second one leaves them running.`;

/** How long, in ms, threads may take to end once the daemon has. */
const THREADS_GRACE = 2000;

export async function run(args: string[]): Promise<void> {
  const { values, daemon } = parse(
    args.map((arg) => (arg === '-s' ? '--socket' : arg)),
    { config: { type: 'string', short: 'c' } },
  );
  const tell = readiness();
  const threads = watchThreads();
  try {
    const apps = values.config === undefined ? [] : await appsOf(values.config);
    const { runDaemon } = await import('../../supervisor/run-daemon.js');
    const running = await runDaemon({ socketPath: daemon.socket, apps });
    tell('ready');
    print(`bunctl listens on ${running.socketPath}; its log is ${running.daemonLog}`);
    process.exitCode = await running.ended;
    await threads.leave();
    // Nor is the process kept by anything that was forgotten.
    setTimeout(() => process.exit(), 1000).unref();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    tell(JSON.stringify({ code: code ?? 'FAILED', message }));
    void threads.leave();
    if (code === 'ENDPOINT_IN_USE') throw new CliError(EXIT.failed, message, { cause: error });
    throw error;
  }
}

async function appsOf(file: string) {
  const { readConfig } = await import('../config/config-files.js');
  const { apps } = readConfig(file);
  return apps.filter((app) => app.auto_start).map((app) => ({ name: app.name, config: JSON.stringify(app) }));
}

/**
 * Knows every thread that is made from here on. An exit, in whatever way, waits for all of them, and no timer fires
 * meanwhile: one that is stuck in a system call would keep the process for ever.
 */
function watchThreads(): { leave(): Promise<void> } {
  const ends = new Set<Promise<void>>();
  subscribe('worker_threads', (message) => {
    const { worker } = message as { worker: Worker };
    const end = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    ends.add(end);
    void end.then(() => ends.delete(end));
  });
  return {
    /** Waits for the threads, which have been told to end; kills the process when one does not. */
    async leave() {
      // The timer keeps the process alive, which the threads do not.
      const timer = setTimeout(() => {
        say('A thread is stuck in a system call; the daemon, which has ended otherwise, is killed');
        process.kill(process.pid, 'SIGKILL');
      }, THREADS_GRACE);
      await Promise.all(ends);
      clearTimeout(timer);
    },
  };
}

/** Whoever started us in the background reads one line from the descriptor it named. */
function readiness(): (word: string) => void {
  const fd = Number(process.env['BUNCTL_READY_FD']);
  delete process.env['BUNCTL_READY_FD'];
  if (!Number.isInteger(fd) || fd < 3) return () => undefined;
  return (word) => {
    try {
      writeSync(fd, `${word}\n`);
      closeSync(fd);
    } catch {
      // It has gone away; that is its affair.
    }
  };
}
