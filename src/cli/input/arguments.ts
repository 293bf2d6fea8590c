// Parses a command's arguments: its own options, and the ones that every command takes.
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { absoluteSocketPath } from '../../endpoint/default-path.js';
import type { DaemonOptions } from '../daemon/find.js';
import { ArgumentsError, usage } from '../terminal/exit.js';
import { nearest } from '../../nearest.js';
import { isFile } from './files.js';
import { checkAllAlone, isConfigFile } from './names.js';
import { seconds } from './numbers.js';
import { insteadOf } from './other-options.js';
import { hasKnownKind } from './program.js';
import { quoteWords } from './shell-words.js';

type Options = Record<
  string,
  NonNullable<ParseArgsConfig['options']>[string] & {
    /** A boolean option that may have a value too: `--wait` or `--wait=5`. */
    readonly optionalValue?: boolean;
  }
>;
type Values<T extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; allowPositionals: true; options: T }>
>['values'];

/** The part of a help text about the option that every command takes. */
export const SOCKET_HELP = "  --socket PATH        the daemon's socket";

/** The part of a help text about the options of every command that waits for an answer. */
export const COMMON_HELP = `${SOCKET_HELP}
  --timeout SECONDS    how long an answer may take (default 120; 0 waits for ever)`;

export interface Parsed<T extends Options> {
  readonly values: Values<T>;
  readonly names: readonly string[];
  /** The words after `--`; undefined without it. */
  readonly rest: readonly string[] | undefined;
  readonly daemon: DaemonOptions;
}

/** The arguments that a command takes besides its options. */
export interface Takes {
  /** Whether it takes names; a text is the command that was probably meant if names are given nevertheless. */
  readonly names?: false | string;
  /** Whether a command line may follow `--`. */
  readonly commandLine?: boolean;
  /** False for a command that waits for no answer. */
  readonly timeout?: false;
}

/**
 * Parses arguments.
 *
 * @param args What was typed after the command's name.
 * @throws {ArgumentsError} if the command does not take them.
 */
export function parse<const T extends Options>(
  args: readonly string[],
  options: T,
  takes: Takes = {},
): Parsed<T> {
  const end = args.indexOf('--');
  const own = end < 0 ? [...args] : args.slice(0, end);
  const known: Options = {
    ...options,
    socket: options['socket'] ?? { type: 'string' },
    ...(takes.timeout === false ? {} : { timeout: { type: 'string' } }),
  };
  // Not strict, so that the messages about mistakes are ours.
  const { values, positionals, tokens } = parseArgs({
    args: own,
    allowPositionals: true,
    strict: false,
    tokens: true,
    options: known,
  });
  for (const token of tokens) if (token.kind === 'option') checkOption(token, known, own, takes);
  const [first] = positionals;
  if (takes.names !== undefined && first !== undefined)
    throw new ArgumentsError(
      `This command takes no names, but "${first}" was given.${takes.names ? ` To stop one app: ${takes.names} ${first}` : ''}`,
    );
  // `start FILE all` are all apps of the file.
  if (!takes.commandLine) checkAllAlone(positionals);
  if (end >= 0 && !takes.commandLine)
    throw new ArgumentsError('This command takes nothing after --; only start takes a command line.');
  const { socket, timeout } = values as { socket?: string; timeout?: string };
  if (socket === '') throw usage('--socket needs a path');
  return {
    values: values as unknown as Values<T>,
    names: positionals,
    rest: end < 0 ? undefined : args.slice(end + 1),
    daemon: {
      socket: socket === undefined ? undefined : absoluteSocketPath(socket),
      timeout: timeout === undefined ? undefined : seconds(timeout),
    },
  };
}

/** An option as it was typed. */
interface OptionToken {
  readonly kind: 'option';
  readonly name: string;
  readonly rawName: string;
  readonly index: number;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function checkOption(token: OptionToken, known: Options, args: readonly string[], takes: Takes): void {
  const { name, rawName, value, inlineValue, index } = token;
  const option = Object.hasOwn(known, name) ? known[name] : undefined;
  if (!option) throw new ArgumentsError(`Unknown option ${rawName}.${hint(token, known, args, takes)}`);
  if (option.type === 'boolean') {
    if (value !== undefined && !option.optionalValue)
      throw new ArgumentsError(`${rawName} takes no value, but "${value}" was given.`);
  } else if (value === undefined) {
    throw new ArgumentsError(`${rawName} needs a value.`);
  } else if (!inlineValue && /^-\d/.test(value) && name !== 'grep') {
    throw new ArgumentsError(`${rawName} takes no negative number, and ${value} is one.`);
  } else if (!inlineValue && value.length > 1 && value.startsWith('-')) {
    throw new ArgumentsError(
      `${rawName} needs a value, and ${args[index + 1]} looks like an option; if it is the value, write --${name}=${value}`,
    );
  }
}

function hint({ name, rawName, index }: OptionToken, known: Options, args: readonly string[], takes: Takes) {
  const instead = insteadOf(name);
  if (instead !== undefined) return ` ${instead}`;
  const near = nearest(name, Object.keys(known));
  if (near !== undefined && name.length > 1) return ` Did you mean --${near}?`;
  const before = args.slice(0, index);
  if (takes.commandLine && before.length > 0 && !before.some((word) => word.startsWith('-')))
    return before.some(isProgram)
      ? ` Arguments of the app go after --: bunctl start ${quoteWords([...before, '--', ...args.slice(index)])}`
      : ' The command of a new app and its arguments go after --: bunctl start NAME -- COMMAND [ARGS…]';
  return rawName === '--name' && takes.names === undefined
    ? ' A name needs no option: bunctl start NAME -- COMMAND, bunctl stop NAME.'
    : '';
}

/** Whether a word is a file that `start` would run, there or not. */
const isProgram = (word: string): boolean =>
  !isConfigFile(word) && !/\.config\.[cm]?[jt]s$/.test(word) && (hasKnownKind(word) || isFile(word));
