// The first line of a script, as the kernel and env(1) read it.

export interface ScriptInterpreter {
  readonly interpreter: string;
  /** The program that env looks for in PATH, if the interpreter is env. */
  readonly searched: string | undefined;
}

/** As many bytes of a first line as the kernel reads; see execve(2). */
const LINE = 256;

/** Undefined for a file that is not a script, and if it is not clear what the line means. */
export function scriptInterpreter(beginning: Buffer): ScriptInterpreter | undefined {
  if (beginning.toString('latin1', 0, 2) !== '#!') return undefined;
  const line = beginning.subarray(2, LINE).toString('utf8').split('\n')[0] ?? '';
  const found = /^[ \t]*([^ \t]+)(?:[ \t]+([^\n]*?))?[ \t]*$/.exec(line);
  const interpreter = found?.[1];
  if (interpreter === undefined) return undefined;
  // A line that is cut may be cut in the middle of a name.
  if (beginning.length >= LINE && !beginning.subarray(0, LINE).includes(0x0a)) return undefined;
  const isEnv = /(^|\/)env$/.test(interpreter);
  return { interpreter, searched: isEnv ? searchedByEnv(found?.[2] ?? '') : undefined };
}

/** The kernel hands over all that follows the interpreter as one argument; with -S, env splits it. */
function searchedByEnv(argument: string): string | undefined {
  const split = /^(?:-S|--split-string=?)[ \t]*(.*)$/.exec(argument);
  const words = split ? (split[1] ?? '').split(/[ \t]+/) : [argument];
  const first = words.find((word) => !/^[^=]+=/.test(word));
  // Other options and quotes are left to env.
  return first === undefined || first === '' || /^-|["'\\$]/.test(first) ? undefined : first;
}
