// The command `bunctl` after `--version`: finds the subcommand, loads only that one, and ends with its exit code.
import { EXIT, exitCodeOf, isAboutArguments, messageOf } from './terminal/exit.js';
import { print, reportLostOutput, say } from './terminal/output.js';

/** A subcommand's module. */
interface Command {
  readonly run: (args: string[]) => Promise<void>;
  readonly help: string;
}

/** Each subcommand's module is loaded only when it is asked for. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  start: () => import('./commands/start.js'),
  stop: () => import('./commands/stop.js'),
  restart: () => import('./commands/restart.js'),
  delete: () => import('./commands/delete.js'),
  status: () => import('./commands/status.js'),
  list: () => import('./commands/list.js'),
  stats: () => import('./commands/stats.js'),
  logs: () => import('./commands/logs.js'),
  flush: () => import('./commands/flush.js'),
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

const RECORDED =
  'The daemon records its apps itself. A new daemon starts those with --restart always or unless-stopped, or --auto-restart.';

/** Commands of other process managers, with what does the same here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  kill: '`bunctl shutdown` stops all apps and the daemon, `bunctl stop NAME` stops one app.',
  reload: '`bunctl restart NAME` stops an app and starts it again.',
  monit: '`bunctl status -w` watches all apps.',
  env: '`bunctl status NAME` lists the variables of an app.',
  save: RECORDED,
  dump: RECORDED,
  resurrect: RECORDED,
  startup:
    'bunctl does not write startup scripts; docs/cli.md, "With the machine", has a service for systemd.',
  scale:
    'bunctl runs one process for each app; `bunctl start FILE --name NAME` starts another app of the same file.',
};

const HELP = `bunctl keeps your programs running.

Usage: bunctl COMMAND [NAME…] [OPTIONS]

  start      start an app, or all apps of bunctl.json
  stop       stop apps; they stay stopped
  restart    restart apps
  delete     stop apps and forget them
  list       all apps at a glance
  status     one app, or all, in detail; -w to watch
  logs       the output of apps; -f to follow
  flush      empty the logs of apps
  stats      statistics of the daemon itself
  ping       check whether the daemon answers
  shutdown   stop all apps and the daemon
  doctor     find the daemon, and what may be wrong
  daemon     run the daemon in the foreground

  bunctl COMMAND --help    options and examples of one command

Examples:
  bunctl start api -- node server.js --port 3000
  bunctl logs api -f
  bunctl restart all

A daemon is started when one is needed. --socket PATH, or else BUNCTL_SOCKET, names another daemon: no other
place is looked at then.`;

/**
 * Runs a command and sets the exit code.
 *
 * @param args What was typed after `bunctl`.
 */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await dispatch(args);
  } catch (error) {
    say(`Error: ${messageOf(error)}`);
    if (isAboutArguments(error)) say(`See bunctl ${args[0] ?? ''} --help.`);
    process.exitCode = exitCodeOf(error);
  }
  reportLostOutput();
}

async function dispatch([first, ...rest]: readonly string[]): Promise<void> {
  const asked = first === 'help' ? rest[0] : first;
  if (asked === undefined || asked === '--help' || asked === '-h') {
    print(HELP);
    if (first === undefined) process.exitCode = EXIT.usage;
    return;
  }
  const name = Object.hasOwn(ALIASES, asked) ? (ALIASES[asked] as string) : asked;
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!load) {
    say(`Error: ${asked.startsWith('-') ? await optionFirst([asked, ...rest]) : await unknown(asked)}`);
    process.exitCode = EXIT.usage;
    return;
  }
  const command = await load();
  const end = rest.indexOf('--');
  const own = end < 0 ? rest : rest.slice(0, end);
  if (first === 'help' || own.includes('--help') || own.includes('-h')) print(command.help);
  else await command.run(rest);
}

async function unknown(asked: string): Promise<string> {
  return `Unknown command "${asked}". ${await wayOut(asked)}`;
}

/** An option in the place of the command. */
async function optionFirst(words: readonly string[]): Promise<string> {
  const { quoteWords } = await import('./input/shell-words.js');
  const at = words.findIndex((word) => Object.hasOwn(COMMANDS, word) || Object.hasOwn(ALIASES, word));
  const command = at < 0 ? 'COMMAND' : (words[at] as string);
  const others = words.filter((_, index) => index !== at);
  return `The command comes first, and options after it: bunctl ${command} ${quoteWords(others)}`;
}

async function wayOut(asked: string): Promise<string> {
  if (Object.hasOwn(ELSEWHERE, asked)) return ELSEWHERE[asked] as string;
  const { nearest } = await import('../nearest.js');
  const meant = nearest(asked, [...Object.keys(COMMANDS), ...Object.keys(ALIASES)]);
  return meant === undefined
    ? '`bunctl --help` lists the commands.'
    : `Did you mean \`bunctl ${ALIASES[meant] ?? meant}\`?`;
}
