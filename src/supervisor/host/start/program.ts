// Whether a program can be run, asked before the spawn: a wrapper such as prlimit would be started in any case, and the
// kernel's error for a missing interpreter names the wrong file.
import { access, constants, open, realpath, stat } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { foreignMachine, programInterpreter } from './elf.js';
import { scriptInterpreter } from './shebang.js';

/** How a program is to be run. */
export interface ProgramSettings {
  readonly command: string;
  readonly cwd: string;
  /** The app's own PATH. */
  readonly path: string | undefined;
  /** The user it runs as, if another than ours. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
}

/** Where programs are looked for without a PATH. */
const USUAL_PATH = '/bin:/usr/bin';
/** As many interpreters of interpreters as the kernel follows. */
const MOST_INTERPRETERS = 5;
/** Bytes of a file's beginning that are read: more than the kernel reads of a first line. */
const BEGINNING = 4096;

/**
 * Checks the folder, the program, and the interpreter that the program names.
 *
 * @throws {Error} with the code of the system's error, and a `detail` if the code alone says too little.
 */
export async function checkProgram(settings: ProgramSettings): Promise<void> {
  const { cwd, command, path } = settings;
  const folder = await stat(cwd).catch((error: unknown) => {
    const code = codeOf(error);
    throw problem(code, `the folder ${cwd} ${code === 'ENOENT' ? 'is not there' : 'cannot be used'}`);
  });
  if (!folder.isDirectory()) throw problem('ENOTDIR', `${cwd} is not a folder`);
  const file = await findProgram(command, cwd, path);
  await checkUser(file, settings);
  await checkFormat(file, settings, 0);
}

export function problem(code: string, detail?: string): Error {
  return Object.assign(new Error(detail ?? code), { code, detail });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'ENOENT';
}

/** The file of a program, found as execvp(3) finds it. */
async function findProgram(command: string, cwd: string, path: string | undefined): Promise<string> {
  const named = command.includes('/');
  const candidates = named
    ? [resolve(cwd, command)]
    : (path ?? USUAL_PATH).split(delimiter).map((folder) => join(resolve(cwd, folder), command));
  let code = 'ENOENT';
  for (const candidate of candidates) {
    try {
      if (!(await stat(candidate)).isFile()) {
        code = 'EACCES';
        continue;
      }
    } catch (error) {
      const found = (error as NodeJS.ErrnoException).code;
      // A folder of PATH that we may not look into, another user's for example, has nothing for us.
      if (named && found !== undefined && found !== 'ENOENT') code = found;
      continue;
    }
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch {
      code = 'EACCES';
      if (named) throw problem('EACCES', notExecutable(candidate));
    }
  }
  throw problem(code);
}

function notExecutable(file: string): string {
  return `${file} is not executable; chmod +x ${file}`;
}

/**
 * Whether the user of the app may reach the file and run it. Access lists may allow more than the mode says. They show
 * in the mode as rights of the group, so a program that they may allow is not refused.
 */
async function checkUser(file: string, { user }: ProgramSettings): Promise<void> {
  if (user === undefined || user.uid === 0) return;
  const program = await realpath(file);
  for (let at = program; ; at = dirname(at)) {
    const { mode, uid, gid } = await stat(at);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0 && (mode & 0o010) === 0)
      throw problem('EACCES', `user ${user.uid} may not ${at === program ? 'run' : 'enter'} ${at}`);
    if (at === dirname(at)) return;
  }
}

async function checkFormat(file: string, settings: ProgramSettings, depth: number): Promise<void> {
  const beginning = await beginningOf(file);
  if (beginning === undefined || depth >= MOST_INTERPRETERS) return;
  const machine = await foreignMachine(beginning);
  if (machine !== undefined)
    throw problem(
      'ENOEXEC',
      `${file} is a program for another machine (${machine}); this one is ${process.arch}`,
    );
  const loader = programInterpreter(beginning);
  if (loader !== undefined) return checkLoader(file, loader);
  const script = scriptInterpreter(beginning);
  if (script === undefined) return;
  const { interpreter, searched } = script;
  if (interpreter.endsWith('\r') || searched?.endsWith('\r'))
    throw problem(
      'ENOENT',
      `the first line of ${file} ends with a carriage return, which becomes a part of its interpreter's name, ${JSON.stringify(searched ?? interpreter)}; remove it: sed -i 's/\\r$//' ${file}`,
    );
  await checkInterpreter(file, resolve(settings.cwd, interpreter), settings, depth);
  if (searched === undefined) return;
  await findProgram(searched, settings.cwd, settings.path).catch((error: unknown) => {
    const where = searched.includes('/') ? 'which is not a program' : 'which is in no folder of PATH';
    throw problem(codeOf(error), `the first line of ${file} names the interpreter ${searched}, ${where}`);
  });
}

async function checkInterpreter(
  file: string,
  interpreter: string,
  settings: ProgramSettings,
  depth: number,
): Promise<void> {
  try {
    await findProgram(interpreter, settings.cwd, settings.path);
  } catch (error) {
    const code = codeOf(error);
    const why = code === 'ENOENT' ? 'which is not there' : 'which cannot be run';
    throw problem(code, `the first line of ${file} names the interpreter ${interpreter}, ${why}`);
  }
  await checkFormat(interpreter, settings, depth + 1);
}

async function checkLoader(file: string, loader: string): Promise<void> {
  await access(loader).catch(() => {
    throw problem(
      'ENOENT',
      `${file} needs the loader ${loader}, which is not there: it was built for another system`,
    );
  });
}

/** Undefined if it is not ours to read; it may be run all the same. */
async function beginningOf(file: string): Promise<Buffer | undefined> {
  const opened = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (opened === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await opened.read(Buffer.alloc(BEGINNING), 0, BEGINNING, 0);
    return buffer.subarray(0, bytesRead);
  } catch {
    return undefined;
  } finally {
    await opened.close();
  }
}
