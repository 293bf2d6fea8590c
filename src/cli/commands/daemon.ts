// bunctl daemon
import { subscribe } from 'node:diagnostics_channel';
import { closeSync, writeSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { catchEndSignals } from '../../supervisor/end-signals.js';
import { checkAppConfig } from '../../supervisor/model/app-config.js';
import type { DeclaredFile, DeclaredOutcome } from '../../supervisor/model/declared-file.js';
import type { ShutdownResult } from '../../supervisor/model/messages.js';
import type { LogDefaults } from '../../supervisor/model/log-settings.js';
import { RESPAWN } from '../../supervisor/model/own-variables.js';
import { andEscaped } from '../../supervisor/model/survivors.js';
import { endUnsaved } from '../../supervisor/model/unsaved.js';
import { NO_INIT } from '../daemon/machine-checks.js';
import { showOutput } from '../daemon/show-output.js';
import { parse } from '../input/arguments.js';
import { absolutePath } from '../input/folder.js';
import { whole } from '../input/numbers.js';
import { sizeOrNone } from '../input/sizes.js';
import { CliError, EXIT } from '../terminal/exit.js';
import { print, reportLostOutput, say } from '../terminal/output.js';
import { DAEMON_END_HELP } from '../terminal/system-words.js';

export const help = `Runs the daemon in the foreground. \`bunctl start\` starts one in the background when it needs one.

Usage: bunctl daemon [-s PATH] [-c FILE] [-q]

  -s, --socket PATH    where to listen
  -c, --config FILE    run what this file declares: its apps with auto_start are started, changed ones are
                       restarted, and those that it no longer declares are stopped
  -q, --quiet          do not show what the apps print
      --log-max-size SIZE
                       the size at which the log of an app is put aside, such as 50M; 0 for never (default 10M)
      --log-max-files N
                       how many logs that were put aside are kept of each app (default 10)

${DAEMON_END_HELP}`;

/** How long, in ms, threads may take to end once the daemon has ended. */
const THREADS_GRACE = 2000;

export async function run(args: string[]): Promise<void> {
  // Before anything else: a signal that came while the daemon starts would leave its socket file behind.
  const signals = catchEndSignals();
  signals.onSecond(() => {
    say('A second signal ends the daemon before it has started; apps that run already run on.');
    process.exit(130);
  });
  const { values, daemon } = parse(
    args,
    {
      socket: { type: 'string', short: 's' },
      config: { type: 'string', short: 'c' },
      quiet: { type: 'boolean', short: 'q' },
      'log-max-size': { type: 'string' },
      'log-max-files': { type: 'string' },
    },
    { names: false, timeout: false },
  );
  const logs = logOptions(values);
  const readyFd = givenReadyFd();
  const tell = readiness(readyFd);
  const threads = watchThreads();
  try {
    const declared = values.config === undefined ? undefined : await declaredIn(values.config);
    const { runDaemon } = await import('../../supervisor/run-daemon.js');
    const running = await runDaemon({
      socketPath: daemon.socket,
      declared,
      signals,
      onAbandoned: reportAbandoned,
      logDefaults: logs.defaults,
      again: isLookedAfter()
        ? null
        : {
            program: process.execPath,
            args: [...process.execArgv, process.argv[1] as string, 'daemon', '--quiet', ...logs.args],
          },
    });
    tell('ready');
    const inBackground = readyFd !== undefined;
    const endShow = values.quiet || inBackground ? undefined : showOutput(running.socketPath);
    print(`bunctl listens on ${running.socketPath}; its log is ${running.daemonLog}`);
    if (process.pid === 1) say(`This daemon is process 1 of a container, ${NO_INIT}`);
    if (declared)
      await Promise.race([running.applied.then((all) => report(all, declared.file)), running.ended]);
    const result = await running.ended;
    await endShow?.();
    reportEnd(result);
    await threads.leave();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    tell(JSON.stringify({ code: code ?? 'FAILED', message }));
    await threads.leave();
    if (code === 'SHUTTING_DOWN') return;
    if (code === 'ENDPOINT_IN_USE') throw new CliError(EXIT.failed, message, { cause: error });
    throw error;
  } finally {
    // This command is loaded apart from the bundle, which looks at its own stdout alone.
    reportLostOutput();
    // Nothing that was forgotten keeps the process.
    setTimeout(() => process.exit(), 1000).unref();
  }
}

/** The defaults for the logs of all apps, and the arguments by which another daemon gets them. */
function logOptions(values: { 'log-max-size'?: string | undefined; 'log-max-files'?: string | undefined }): {
  defaults: LogDefaults;
  args: string[];
} {
  const { 'log-max-size': size, 'log-max-files': files } = values;
  return {
    defaults: {
      maxSize: size === undefined ? undefined : sizeOrNone(size, '--log-max-size'),
      maxFiles: files === undefined ? undefined : whole(files, '--log-max-files'),
    },
    args: [
      ...(size === undefined ? [] : ['--log-max-size', size]),
      ...(files === undefined ? [] : ['--log-max-files', files]),
    ],
  };
}

/** Whether this process is started again by others when it dies: as the main process of a systemd service; see systemd.exec(5). */
function isLookedAfter(): boolean {
  return process.env[RESPAWN] === '0' || process.env['SYSTEMD_EXEC_PID'] === String(process.pid);
}

async function declaredIn(file: string): Promise<DeclaredFile> {
  const { readConfig } = await import('../config/config-files.js');
  const path = absolutePath(file);
  const read = readConfig(path);
  for (const notice of read.notices) say(notice);
  const apps = read.apps.map((app) => {
    try {
      return checkAppConfig(app);
    } catch (error) {
      throw new CliError(EXIT.usage, `${path}: app ${app.name}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  });
  return { file: path, apps, faults: read.faults };
}

/** Shows the outcome of the file: successes on stdout, everything that the user may not expect on stderr. */
function report(outcomes: readonly DeclaredOutcome[], file: string): void {
  for (const { app, outcome, why } of outcomes) {
    switch (outcome) {
      case 'started':
        print(`Started app ${app}`);
        break;
      case 'changed':
        print(`Restarted app ${app} with its changed configuration`);
        break;
      case 'stopped':
        say(`App ${app} is no longer in ${file} and was stopped; to forget it: bunctl delete ${app}`);
        break;
      case 'kept-stopped':
        say(`App ${app} stays stopped, as it was told to; to start it: bunctl start ${app}`);
        break;
      case 'failed':
        say(`App ${app} is not as ${file} declares it: ${why ?? 'the reason is not known'}`);
        break;
      case 'unchanged':
      case 'not-started':
        break;
    }
  }
}

function reportEnd(result: ShutdownResult | null): void {
  for (const failure of result?.failed ?? []) say(`An app could not be stopped: ${failure}`);
  for (const app of result?.unsaved ?? []) say(endUnsaved(app));
  for (const survivors of result?.survivors ?? []) say(andEscaped(`App ${survivors.app}`, survivors));
}

/** A second signal ends the daemon alone. */
function reportAbandoned(apps: readonly string[]): void {
  const [run, them] = apps.length === 1 ? ['this app runs', 'it'] : ['these apps run', 'them'];
  say(
    apps.length === 0
      ? 'A second signal ends the daemon at once; no app runs.'
      : `A second signal ends the daemon at once, and ${run} on: ${apps.join(', ')}. To stop ${them}: bunctl stop all`,
  );
}

/**
 * Knows every thread that is made from here on. An exit, in whatever way, waits for all of them, and no timer fires
 * meanwhile: a thread that is stuck in a system call would keep the process for ever.
 */
function watchThreads(): { leave(): Promise<void> } {
  const ends = new Set<Promise<void>>();
  subscribe('worker_threads', (message) => {
    const { worker } = message as { worker: Worker };
    const end = new Promise<void>((done) => {
      worker.once('exit', () => {
        ends.delete(end);
        done();
      });
    });
    ends.add(end);
  });
  return {
    /** Waits for the threads, which have been told to end; kills the process when one does not. */
    async leave() {
      // The timer keeps the process alive, which the threads do not.
      const timer = setTimeout(() => {
        say('A thread is stuck in a system call; the daemon has ended everything else and kills itself');
        process.kill(process.pid, 'SIGKILL');
      }, THREADS_GRACE);
      await Promise.all(ends);
      clearTimeout(timer);
    },
  };
}

/** The descriptor on which a command that started this daemon in the background waits for its word. */
function givenReadyFd(): number | undefined {
  const fd = Number(process.env['BUNCTL_READY_FD']);
  delete process.env['BUNCTL_READY_FD'];
  return Number.isInteger(fd) && fd >= 3 ? fd : undefined;
}

/** The command that started this daemon in the background reads one line from the descriptor that it named. */
function readiness(fd: number | undefined): (word: string) => void {
  if (fd === undefined) return () => undefined;
  return (word) => {
    try {
      writeSync(fd, `${word}\n`);
      closeSync(fd);
    } catch {
      // The command has gone away, and needs no answer.
    }
  };
}
