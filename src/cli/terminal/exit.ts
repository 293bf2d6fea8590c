// How a command ends: the table of exit codes, and the error that carries one.

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

/** A daemon's `Error` text as an error of ours: its wording tells which exit code is meant. */
export function refused(message: string): CliError {
  if (/ not found$/.test(message)) return new CliError(EXIT.notFound, message);
  if (/ is not running$/.test(message)) return new CliError(EXIT.notRunning, message);
  if (/^Invalid config: |(?:^|: )Invalid app name: /.test(message)) return usage(message);
  return new CliError(EXIT.failed, message);
}

/** The exit code for any error. */
export function exitCodeOf(error: unknown): number {
  const { exitCode, code } = error as { exitCode?: unknown; code?: unknown };
  if (typeof exitCode === 'number') return exitCode;
  switch (code) {
    case 'CONNECT_FAILED':
    case 'CONNECTION_CLOSED':
    case 'FRAME_TRUNCATED':
    case 'ENDPOINT_NOT_OURS':
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
