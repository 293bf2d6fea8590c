// How a command ends: the table of exit codes, and the error that carries one.
import type { AnswerError } from '../../client/index.js';

/** Exit codes; also in docs/cli.md. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notRunning: 4,
  timeout: 5,
  unreachable: 6,
} as const;

/** Ends a command with a sentence on stderr and an exit code. */
export class CliError extends Error {
  constructor(
    readonly exitCode: number,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The command does not take these arguments; its help says which ones it takes. */
export class ArgumentsError extends CliError {
  readonly aboutArguments = true;

  constructor(message: string) {
    super(EXIT.usage, message);
  }
}

// The daemon's command is loaded apart from the bundle and has its own copies of these classes, so that `instanceof`
// does not tell them: fields do.

/** Whether an error is an {@link ArgumentsError}. */
export function isAboutArguments(error: unknown): boolean {
  return (error as Partial<ArgumentsError>).aboutArguments === true;
}

export const usage = (message: string): CliError => new CliError(EXIT.usage, message);

const EXIT_OF_CODE: Readonly<Record<string, number>> = {
  APP_NOT_FOUND: EXIT.notFound,
  APP_NOT_RUNNING: EXIT.notRunning,
  APP_NAME_INVALID: EXIT.usage,
  APP_CONFIG_INVALID: EXIT.usage,
  COMMAND_TIMEOUT: EXIT.timeout,
};

/**
 * A daemon's `Error` answer as an error of the CLI. Its code says which exit code is meant; the original's daemon
 * sends no code, so there the wording does.
 */
export function refused({ code, message }: AnswerError): CliError {
  if (code !== 'COMMAND_REFUSED') return new CliError(EXIT_OF_CODE[code] ?? EXIT.failed, message);
  if (/ not found$/.test(message)) return new CliError(EXIT.notFound, message);
  if (/ is not running$/.test(message)) return new CliError(EXIT.notRunning, message);
  if (/^Invalid config: |(?:^|: )Invalid app name: /.test(message)) return usage(message);
  return new CliError(EXIT.failed, message);
}

/** The message for any error. Whatever looks for the current folder fails in this way when that was removed. */
export function messageOf(error: unknown): string {
  const { syscall, message } = error as NodeJS.ErrnoException;
  return syscall === 'uv_cwd' ? NO_FOLDER : message;
}

export const NO_FOLDER = 'The current folder no longer exists; cd to another one';

/** The exit code for any error. */
export function exitCodeOf(error: unknown): number {
  const { exitCode, code } = error as { exitCode?: unknown; code?: unknown };
  if (typeof exitCode === 'number') return exitCode;
  switch (code) {
    case 'CONNECT_FAILED':
    case 'CONNECTION_CLOSED':
    case 'FRAME_TRUNCATED':
    case 'ENDPOINT_NOT_OURS':
    case 'ENDPOINT_NOT_A_SOCKET':
    case 'ENDPOINT_TOO_LONG':
    case 'ENDPOINT_UNUSABLE':
      return EXIT.unreachable;
    case 'REQUEST_TIMEOUT':
      return EXIT.timeout;
    case 'FRAME_TOO_LARGE':
    case 'OPTION_INVALID':
      return EXIT.usage;
    default:
      return EXIT.failed;
  }
}
