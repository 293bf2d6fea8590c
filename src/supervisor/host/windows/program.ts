// Finds a program on Windows as the command prompt does, and says how it is run.
import { stat } from 'node:fs/promises';
import { win32 } from 'node:path';
import { problem } from '../start/program.js';
import { batchArguments } from './batch.js';

/** How a program is to be run. */
export interface WindowsProgram {
  readonly command: string;
  readonly args: readonly string[];
  /** Whether the arguments are the text of the command line already. */
  readonly verbatim: boolean;
  /** Whether it is Node, which can be asked to end by a message. */
  readonly isNode: boolean;
}

/** The questions of the look-up. They go to the system, unless a test gives other functions. */
export interface Looking {
  readonly isFile: (path: string) => Promise<boolean>;
  readonly isFolder: (path: string) => Promise<boolean>;
  /** This Node. */
  readonly node: string;
}

const system: Looking = {
  isFile: async (path) => (await stat(path).catch(() => undefined))?.isFile() === true,
  isFolder: async (path) => (await stat(path).catch(() => undefined))?.isDirectory() === true,
  node: process.execPath,
};

/** The endings of programs where PATHEXT says none; as Windows has it. */
const USUAL_ENDINGS = '.COM;.EXE;.BAT;.CMD';
const BATCH = new Set(['.bat', '.cmd']);
/** Files that another program runs, with its names from the first to be looked for. */
const RUN_BY: Readonly<Record<string, readonly string[]>> = {
  '.js': ['node'],
  '.mjs': ['node'],
  '.cjs': ['node'],
  '.py': ['py', 'python', 'python3'],
};
const SHELLS = new Set(['.sh', '.bash', '.zsh']);

export interface WindowsCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The variables of the app. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Finds a program. A name without a folder is looked for in the folders of PATH alone, and not in the current folder: a
 * file that another user puts there must not be started. A name without an ending is tried with those of PATHEXT.
 *
 * @throws {Error} with the code of the fault, and a `detail` if the code alone says too little.
 */
export async function windowsProgram(given: WindowsCommand, looking = system): Promise<WindowsProgram> {
  const { command, args, cwd, env } = given;
  if (!(await looking.isFolder(cwd))) throw problem('ENOENT', `the folder ${cwd} is not there`);
  const found = await find(command, given, looking);
  if (found === undefined) {
    // bunctl itself runs, so Node is here, whether PATH has it or not.
    if (isNodeName(command)) return { command: looking.node, args, verbatim: false, isNode: true };
    throw problem('ENOENT');
  }
  return runnable(found, args, env, given, looking);
}

async function runnable(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  given: WindowsCommand,
  looking: Looking,
): Promise<WindowsProgram> {
  const ending = win32.extname(file).toLowerCase();
  if (BATCH.has(ending))
    return { command: shell(env), args: batchArguments(file, args), verbatim: true, isNode: false };
  if (SHELLS.has(ending))
    throw problem(
      'ENOEXEC',
      `${file} is a shell script, and Windows has no program for it; name one: bunctl start NAME -- bash ${file}`,
    );
  const runners = RUN_BY[ending];
  if (runners === undefined) return { command: file, args, verbatim: false, isNode: isNodeName(file) };
  for (const runner of runners) {
    if (runner === 'node')
      return { command: looking.node, args: [file, ...args], verbatim: false, isNode: true };
    const program = await find(runner, given, looking);
    if (program !== undefined) return runnable(program, [file, ...args], env, given, looking);
  }
  throw problem('ENOENT', `no program for ${file} is in a folder of PATH: ${runners.join(', ')}`);
}

const isNodeName = (command: string): boolean => /^node(\.exe)?$/i.test(win32.basename(command));

function shell(env: NodeJS.ProcessEnv): string {
  return win32.join(variable(env, 'SystemRoot') ?? 'C:\\Windows', 'System32', 'cmd.exe');
}

async function find(
  command: string,
  { cwd, env }: WindowsCommand,
  looking: Looking,
): Promise<string | undefined> {
  const folders = /[\\/:]/.test(command)
    ? ['']
    : (variable(env, 'PATH') ?? '')
        .split(';')
        .map((folder) => folder.trim().replace(/^"(.*)"$/, '$1'))
        .filter(Boolean);
  for (const folder of folders) {
    const path = win32.resolve(cwd, folder, command);
    for (const candidate of candidatesOf(path, env)) if (await looking.isFile(candidate)) return candidate;
  }
  return undefined;
}

/** A file that is named with its ending is tried first. One without is a program for another system, if it is there. */
function candidatesOf(path: string, env: NodeJS.ProcessEnv): readonly string[] {
  const endings = (variable(env, 'PATHEXT') || USUAL_ENDINGS)
    .split(';')
    .filter((ending) => /^\.[^.]/.test(ending))
    .map((ending) => ending.toLowerCase());
  const added = endings.map((ending) => path + ending);
  return win32.extname(path) === '' ? added : [path, ...added];
}

/** A variable, whose name has no case on Windows. */
function variable(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const wanted = name.toUpperCase();
  const key = Object.keys(env).find((each) => each.toUpperCase() === wanted);
  return key === undefined ? undefined : env[key];
}
