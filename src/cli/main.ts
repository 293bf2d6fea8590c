#!/usr/bin/env node
// The command `bunctl`: finds the subcommand, loads it alone, and ends with its exit code.
import { ArgumentsError, exitCodeOf, EXIT } from './terminal/exit.js';
import { quietPipes, say } from './terminal/output.js';

/** Each subcommand's module is loaded only when it is asked for. */
const COMMANDS: Readonly<
  Record<string, () => Promise<{ readonly run: (args: string[]) => Promise<void>; readonly help: string }>>
> = {
  start: () => import('./commands/start.js'),
  stop: () => import('./commands/stop.js'),
  restart: () => import('./commands/restart.js'),
  delete: () => import('./commands/delete.js'),
  status: () => import('./commands/status.js'),
  list: () => import('./commands/list.js'),
  logs: () => import('./commands/logs.js'),
  daemon: () => import('./commands/daemon.js'),
  ping: () => import('./commands/ping.js'),
  shutdown: () => import('./commands/shutdown.js'),
  doctor: () => import('./commands/doctor.js'),
};

const ALIASES: Readonly<Record<string, string>> = {
  ls: 'list',
  rm: 'delete',
  log: 'logs',
  describe: 'status',
  show: 'status',
};

/** Words of other managers that mean something here under another name, and should not be guessed at. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  kill: 'bunctl shutdown stops all apps and the daemon; bunctl stop NAME one app.',
  reload: 'bunctl restart NAME stops an app and starts it.',
  monit: 'bunctl status -w watches all apps.',
};

const HELP = `bunctl keeps your programs running.

Usage: bunctl COMMAND [NAME…] [OPTIONS]

  start      start an app, or all of bunctl.json
  stop       stop apps; they stay stopped
  restart    restart apps
  delete     stop apps and forget them
  list       all apps at a glance
  status     one app, or all, in detail; -w to watch
  logs       what apps printed; -f to follow
  ping       whether the daemon answers
  shutdown   stop all apps and the daemon
  doctor     where the daemon is, and what may be wrong
  daemon     run the daemon in the foreground

  bunctl COMMAND --help    options and examples of one command

Examples:
  bunctl start api -- node server.js --port 3000
  bunctl logs api -f
  bunctl restart all

A daemon is started when it is needed. --socket PATH, or BUNCTL_SOCKET, names another one.`;

async function main(argv: readonly string[]): Promise<void> {
  const [first, ...rest] = argv;
  if (first !== undefined && ['--version', '-V', '-v', 'version'].includes(first)) {
    const { VERSION } = await import('../version.js');
    process.stdout.write(`bunctl ${VERSION}\n`);
    return;
  }
  const asked = first === 'help' ? rest[0] : first;
  if (asked === undefined || asked === '--help' || asked === '-h') {
    process.stdout.write(`${HELP}\n`);
    if (asked === undefined && first === undefined) process.exitCode = EXIT.usage;
    return;
  }
  const name = Object.hasOwn(ALIASES, asked) ? (ALIASES[asked] as string) : asked;
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!load) {
    say(`There is no command "${asked}". ${await wayOut(asked)}`);
    process.exitCode = EXIT.usage;
    return;
  }
  const command = await load();
  const end = rest.indexOf('--');
  const own = end < 0 ? rest : rest.slice(0, end);
  if (first === 'help' || own.includes('--help') || own.includes('-h')) {
    process.stdout.write(`${command.help}\n`);
    return;
  }
  await command.run(rest);
}

async function wayOut(asked: string): Promise<string> {
  if (Object.hasOwn(ELSEWHERE, asked)) return ELSEWHERE[asked] as string;
  const { nearest } = await import('./input/nearest.js');
  const meant = nearest(asked, [...Object.keys(COMMANDS), ...Object.keys(ALIASES)]);
  return meant === undefined ? 'bunctl --help lists them.' : `Did you mean ${ALIASES[meant] ?? meant}?`;
}

quietPipes();
const argv = process.argv.slice(2);
try {
  await main(argv);
} catch (error) {
  say(`Error: ${(error as Error).message}`);
  if (error instanceof ArgumentsError) say(`See bunctl ${argv[0] ?? ''} --help.`);
  process.exitCode = exitCodeOf(error);
}
