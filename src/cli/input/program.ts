// How a file is run: by itself, by the interpreter that its first line names, or by the one of its kind.
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { extname } from 'node:path';
import { usage } from '../terminal/exit.js';
import { onWindows } from '../terminal/system-words.js';
import { isExecutable } from './files.js';
import { quoteWords } from './shell-words.js';
import { typeScriptRunner } from './typescript.js';

/** A command line, and the variables that it needs. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The interpreters of files that do not name one. */
const INTERPRETERS: Readonly<Record<string, readonly string[]>> = {
  '.js': ['node'],
  '.mjs': ['node'],
  '.cjs': ['node'],
  '.py': ['python3'],
  '.sh': ['sh'],
  '.rb': ['ruby'],
  '.pl': ['perl'],
  '.php': ['php'],
};

/** Kinds that the daemon runs by themselves, or refuses, on Windows. */
const RUN_BY_THE_DAEMON = new Set(['.py', '.sh', '.cmd', '.bat', '.exe', '.com']);

const TYPESCRIPT = ['.ts', '.mts', '.cts', '.tsx'];

/** Whether a file is run by what its name ends with. */
export const hasKnownKind = (file: string): boolean =>
  Object.hasOwn(INTERPRETERS, extname(file)) || TYPESCRIPT.includes(extname(file));

/** The command line of an interpreter that was chosen. Python does not keep its output back. */
export function interpreted(interpreter: readonly string[], args: readonly string[]): Program {
  const [command, ...own] = interpreter as [string, ...string[]];
  // One word of a first line may hold several, as in `env -S python3 -s`.
  const python = interpreter.some((word) => /(^|[/ ])(python|pypy)[\d.]*( |$)/.test(word));
  return { command, args: [...own, ...args], env: python ? { PYTHONUNBUFFERED: '1' } : {} };
}

/**
 * How to run a file with arguments. An executable file that names its interpreter (`#!`), or that has no known kind,
 * runs by itself; a file that names its interpreter and is not executable runs with it; any other with that of its kind.
 *
 * @param file An absolute path.
 * @param otherwise The interpreter for a file that is neither executable nor of a known kind.
 * @throws {CliError} exit code 2 if the file cannot be run.
 */
export function programFor(
  file: string,
  args: readonly string[] = [],
  otherwise?: readonly string[],
  windows: boolean = onWindows,
): Program {
  // Windows reads no first line, and every file passes for executable: the daemon finds what runs such a file.
  if (windows && RUN_BY_THE_DAEMON.has(extname(file).toLowerCase()))
    return { ...interpreted([file], args), env: /\.py$/i.test(file) ? { PYTHONUNBUFFERED: '1' } : {} };
  if (windows) return programOfKind(file, args, otherwise ?? [file]);
  const shebang = shebangOf(file);
  if (isExecutable(file) && (shebang || !hasKnownKind(file)))
    return { ...interpreted(shebang ?? [file], []), command: file, args };
  if (shebang) return interpreted(shebang, [file, ...args]);
  return programOfKind(file, args, otherwise);
}

function programOfKind(
  file: string,
  args: readonly string[],
  otherwise: readonly string[] | undefined,
): Program {
  if (TYPESCRIPT.includes(extname(file))) return interpreted(typeScriptRunner(file), [file, ...args]);
  const interpreter = INTERPRETERS[extname(file)] ?? otherwise;
  if (interpreter?.[0] === file) return interpreted(interpreter, args);
  if (interpreter) return interpreted(interpreter, [file, ...args]);
  const shown = quoteWords([file]);
  throw usage(
    `${file} is not executable, and its kind is not known. Make it executable: chmod +x ${shown}; or name the program that runs it: bunctl start NAME -- PROGRAM ${shown}`,
  );
}

/** The interpreter in a file's first line and its one argument; undefined if there is none, or the file is unreadable. */
function shebangOf(file: string): readonly string[] | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const start = Buffer.alloc(256);
    const [line = ''] = start.toString('latin1', 0, readSync(fd, start)).split('\n');
    const [, interpreter, argument] = /^#![ \t]*(\S+)[ \t]*(.*?)\s*$/.exec(line) ?? [];
    if (interpreter === undefined) return undefined;
    return argument ? [interpreter, argument] : [interpreter];
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
