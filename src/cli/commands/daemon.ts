// bunctl daemon
import { closeSync, writeSync } from 'node:fs';
import { COMMON_HELP, parse } from '../arguments.js';
import { CliError, EXIT } from '../exit.js';
import { print } from '../output.js';

export const help = `Runs the daemon in the foreground. It is started by itself when \`bunctl start\` needs one.

Usage: bunctl daemon [-s PATH] [-c FILE]

  -s, --socket PATH    where to listen
  -c, --config FILE    start its apps that have auto_start
${COMMON_HELP}

SIGTERM and Ctrl-C stop the apps, each with its own timeout, and end it; a second one leaves them running.`;

export async function run(args: string[]): Promise<void> {
  const { values, daemon } = parse(
    args.map((arg) => (arg === '-s' ? '--socket' : arg)),
    { config: { type: 'string', short: 'c' } },
  );
  const tell = readiness();
  try {
    const apps = values.config === undefined ? [] : await appsOf(values.config);
    const { runDaemon } = await import('../../supervisor/run-daemon.js');
    const running = await runDaemon({ socketPath: daemon.socket, apps });
    tell('ready');
    print(`bunctl listens on ${running.socketPath}; its log is ${running.daemonLog}`);
    process.exitCode = await running.ended;
    // A worker that is stuck in a system call must not keep us.
    setTimeout(() => process.exit(), 1000).unref();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    tell(JSON.stringify({ code: code ?? 'FAILED', message }));
    if (code === 'ENDPOINT_IN_USE') throw new CliError(EXIT.failed, message, { cause: error });
    throw error;
  }
}

async function appsOf(file: string) {
  const { readConfig } = await import('../config-files.js');
  const { apps } = readConfig(file);
  return apps.filter((app) => app.auto_start).map((app) => ({ name: app.name, config: JSON.stringify(app) }));
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
