// The command line that runs a batch file: cmd.exe reads it, and must find nothing in it but words.
import { problem } from '../start/program.js';

/** Characters that mean nothing to cmd.exe and to a program's own reading of its command line. */
const PLAIN = /^[\w#$*+\-./:?@\\]+$/;
/** cmd.exe ends a command with the first two; the third it drops; the last ends every text. */
const REFUSED = ['\r', '\n', '\x1a', '\0'];

/**
 * The arguments of cmd.exe that run a batch file with these arguments, to be handed over as they are
 * (`windowsVerbatimArguments`).
 *
 * The rules are those of `std::process::Command` of Rust for batch files (since 1.77.2, CVE-2024-27980). A word is in
 * quotes, and a quote in it is doubled. So cmd.exe never sees an end of the quotes inside of a word, however often the
 * file hands it on (`%*`). `%cd:~,%` is an empty text, which keeps `%NAME%` from being replaced. `/d` leaves out
 * what AutoRun says, and `/v:off` leaves `!` alone.
 *
 * @throws {Error} with the code `EINVAL` for an argument that no batch file can be given.
 */
export function batchArguments(file: string, args: readonly string[]): readonly string[] {
  if (/["%\r\n]/.test(file) || file.endsWith('\\'))
    throw problem(
      'EINVAL',
      `the name of the batch file ${file} has a character that cmd.exe cannot be given`,
    );
  const refused = args.findIndex((arg) => REFUSED.some((character) => arg.includes(character)));
  if (refused >= 0)
    throw problem(
      'EINVAL',
      `argument ${refused + 1} has a line break or a control character, which no batch file can be given; start the program that ${file} runs instead`,
    );
  const words = [`"${file}"`, ...args.map(batchWord)];
  return ['/e:on', '/v:off', '/d', '/s', '/c', `"${words.join(' ')}"`];
}

function batchWord(arg: string): string {
  if (PLAIN.test(arg) && !arg.endsWith('\\')) return arg;
  const inside = arg
    // The program that reads the words takes backslashes before a quote for escapes.
    .replace(/(\\*)"/g, '$1$1""')
    .replace(/(\\+)$/, '$1$1')
    .replaceAll('%', '%%cd:~,%');
  return `"${inside}"`;
}
