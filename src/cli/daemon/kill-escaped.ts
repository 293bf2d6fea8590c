// The option --kill-escaped of the commands that end apps.
import { KILL_ESCAPED_HELP_TEXT } from '../terminal/system-words.js';
import type { IpcClient } from '../../client/client.js';
import { daemonInfo } from '../answers/wire.js';
import { CliError, EXIT } from '../terminal/exit.js';

export const KILL_ESCAPED = { 'kill-escaped': { type: 'boolean' } } as const;

export const KILL_ESCAPED_HELP = `      --kill-escaped   ${KILL_ESCAPED_HELP_TEXT}`;

interface Values {
  readonly 'kill-escaped'?: boolean | undefined;
}

/** The field of a request. */
export const killEscapedField = (values: Values): { kill_escaped?: true } =>
  values['kill-escaped'] ? { kill_escaped: true } : {};

/**
 * Refuses the option for a daemon that would ignore it.
 *
 * @throws {CliError} exit code 1.
 */
export async function checkKillEscaped(client: IpcClient, values: Values): Promise<void> {
  if (!values['kill-escaped'] || (await daemonInfo(client))) return;
  throw new CliError(
    EXIT.failed,
    `The daemon on ${client.path} is not this bunctl and does not know --kill-escaped; nothing was done.`,
  );
}
