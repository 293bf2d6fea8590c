// Programs that are apps on every system: the cheapest that does the same there.
import { hasShell } from './platform.js';

/** A command and its arguments. */
export type Program = readonly [command: string, ...args: string[]];

const node = (text: string): Program => ['node', '-e', text];

/** Ends when Windows' daemon asks, as SIGTERM does elsewhere, and lasts until then. */
const UNTIL_ASKED =
  "process.on('message', (message) => message === 'shutdown' && process.exit(0)); setInterval(() => undefined, 1e6);";

/** A script of the shell, or a program of Node that does the same, in which `untilAsked()` lasts until it is asked to end. */
export function either(script: string, text: string): Program {
  return hasShell ? ['sh', '-c', script] : node(`const untilAsked = () => { ${UNTIL_ASKED} }; ${text}`);
}

/** As {@link either}, and then lasts until it is asked to end. */
export function eitherThenLasts(script: string, text: string): Program {
  return either(`${script}; exec sleep 1000`, `${text}; untilAsked();`);
}

/** Lasts until it is asked to end. */
export const LASTS: Program = hasShell ? ['sleep', '1000'] : node(UNTIL_ASKED);

/** Does as LASTS does, and is another program. */
export const LASTS_TOO: Program = hasShell ? ['sleep', '2000'] : node(`'too'; ${UNTIL_ASKED}`);

/** Ends at once, without a fault. */
export const ENDS: Program = hasShell ? ['true'] : node('0');

/** Ends at once, with an exit code. */
export function exits(code: number): Program {
  return hasShell ? ['sh', '-c', `exit ${code}`] : node(`process.exit(${code})`);
}

/** Prints lines to stdout and lasts until it is asked to end. */
export function printsAndLasts(...lines: readonly string[]): Program {
  return hasShell
    ? ['sh', '-c', `printf '%s\\n' "$@"; exec sleep 1000`, 'sh', ...lines]
    : node(`for (const line of ${JSON.stringify(lines)}) console.log(line); ${UNTIL_ASKED}`);
}
