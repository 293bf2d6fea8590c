// Asks a person a question on the terminal.
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { isatty } from 'node:tty';
import { CliError, EXIT, usage } from './exit.js';
import { say } from './output.js';

/** The exit code that a shell reports for a command that Ctrl-C ended. */
const INTERRUPTED = 130;

/**
 * Asks on stderr and reads a line from stdin. The answer is empty if stdin ends without one: Ctrl-D, or a terminal
 * that is closed.
 *
 * @param nobody The message if stdin is not a terminal.
 * @throws {CliError} exit code 2 if stdin is not a terminal, 1 if it cannot be read, 130 on Ctrl-C.
 */
export async function ask(question: string, nobody: string): Promise<string> {
  if (!isatty(0)) throw usage(nobody);
  const { stdin: input, stderr: output } = process;
  const terminal = createInterface({ input, output });
  // What can happen instead of an answer; whichever comes first decides.
  const failed = Promise.race([once(input, 'error'), once(output, 'error')]).then(([error]) => {
    throw error as Error;
  });
  const interrupted = once(terminal, 'SIGINT').then(() => {
    throw new CliError(INTERRUPTED, 'Interrupted; nothing was done.');
  });
  try {
    return await Promise.race([terminal.question(question), failed, interrupted]);
  } catch (error) {
    say('');
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ABORT_ERR') return '';
    if (error instanceof CliError) throw error;
    throw new CliError(EXIT.failed, `The answer could not be read: ${message}`, { cause: error });
  } finally {
    terminal.close();
  }
}
