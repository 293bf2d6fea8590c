// What goes wrong between a command and its daemon, in sentences of the command line.
import type { IpcClient } from '../../client/index.js';
import type { IpcMessage } from '../../protocol/messages.js';
import { CliError, EXIT } from '../terminal/exit.js';

/** The codes of an answer that no daemon would send. */
const UNREADABLE = ['FRAME_TOO_LARGE', 'MESSAGE_INVALID'];

/** The requests that change something, which a daemon goes on with. */
const CHANGES = ['Start', 'Stop', 'Restart', 'Delete', 'Shutdown'];

const REMEDIES = '--timeout waits longer, and bunctl doctor looks at the daemon.';

/** The error of a request that got no answer. The error of a request that could not be sent is returned unchanged. */
export function inWords(cause: unknown, client: IpcClient, message: IpcMessage): unknown {
  const { code, message: text } = cause as NodeJS.ErrnoException;
  const [, ms] = /within (\d+) ms/.exec(text) ?? [];
  if (code === 'REQUEST_TIMEOUT' && ms !== undefined)
    return new CliError(EXIT.timeout, late(client, message, Number(ms) / 1000), { cause });
  if (!UNREADABLE.includes(code ?? '') || !client.closed) return cause;
  return new CliError(EXIT.unreachable, `What listens on ${client.path} is not a bunctl daemon.`, { cause });
}

function late({ path }: IpcClient, message: IpcMessage, seconds: number): string {
  const [command, fields] = Object.entries(typeof message === 'string' ? {} : message)[0] ?? [];
  const { name, dry_run: dry } = (fields ?? {}) as { name?: unknown; dry_run?: unknown };
  if (command === undefined || !CHANGES.includes(command) || dry === true)
    return `The daemon on ${path} did not answer within ${seconds} s; ${REMEDIES}`;
  const who = typeof name === 'string' ? `App ${name}: no` : 'No';
  return `${who} answer came within ${seconds} s. The daemon goes on with the command; ${REMEDIES}`;
}
