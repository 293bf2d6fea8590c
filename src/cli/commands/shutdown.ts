// bunctl shutdown
import { systemClock } from '../../clock.js';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IpcClient } from '../../client/client.js';
import { isOwned } from '../../supervisor/state/owner.js';
import { isAlive } from '../../supervisor/system/processes.js';
import { processOf } from '../answers/daemon-process.js';
import { askMessage, daemonInfo } from '../answers/wire.js';
import { daemonFor } from '../daemon/find.js';
import {
  checkKillEscaped,
  KILL_ESCAPED,
  KILL_ESCAPED_HELP,
  killEscapedField,
} from '../daemon/kill-escaped.js';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { CliError, EXIT, exitCodeOf } from '../terminal/exit.js';
import { print, say } from '../terminal/output.js';

export const help = `Stops all apps, each with its own timeout, then the daemon.

Usage: bunctl shutdown

${KILL_ESCAPED_HELP}
${COMMON_HELP}`;

/** How long, in ms, a daemon that has stopped its apps may take to close its socket, and then its process to end. */
const END_GRACE = 10_000;
/** How often, in ms, it is looked at. */
const POLL = 20;

export async function run(args: string[]): Promise<void> {
  const { daemon, values } = parse(args, KILL_ESCAPED, { names: 'bunctl stop' });
  const client = await daemonFor(daemon, { start: 'if-left' });
  if (!client) {
    say('No daemon is running.');
    return;
  }
  try {
    await checkKillEscaped(client, values);
    await end(client, killEscapedField(values));
  } finally {
    await client.close();
  }
  print(`Stopped the daemon on ${client.path}`);
}

/** The daemon is asked over its socket. The process id that it tells is only looked at: it may be of another container. */
async function end(client: IpcClient, fields: { kill_escaped?: true }): Promise<void> {
  const info = await daemonInfo(client);
  if (!info)
    throw new CliError(
      EXIT.failed,
      `The daemon on ${client.path} is not this bunctl; end it by its own means.`,
    );
  const process = processOf(info);
  let lost: unknown;
  try {
    const message = await askMessage(client, { Shutdown: fields });
    // Its first line says how many apps were stopped; the others, what was left behind.
    for (const line of message.split('\n').slice(1)) say(line);
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === EXIT.timeout)
      throw new CliError(
        EXIT.timeout,
        `The daemon (pid ${info.pid}) is still stopping its apps (timeout); it goes on with that.`,
        { cause: error },
      );
    // It has died, a second signal has ended it, or it could not stop its apps in time.
    if (code !== EXIT.unreachable) throw error;
    lost = error;
  }
  await until(() => client.closed);
  if (!client.closed)
    throw new CliError(
      EXIT.timeout,
      `The daemon (pid ${info.pid}) has stopped its apps, but does not end (timeout).`,
    );
  // Its lock is free when its process has ended.
  await until(() => !isAlive(process) && !isOwned(info.state));
  if (lost !== undefined) throw withoutAnswer(client.path, fields, lost);
}

function withoutAnswer(path: string, fields: { kill_escaped?: true }, cause: unknown): CliError {
  const [what, look] =
    fields.kill_escaped === undefined
      ? ['its apps have stopped', '']
      : [
          'its apps and what they had left behind have ended',
          '; what was left behind has BUNCTL_APP in its environment',
        ];
  return new CliError(
    EXIT.unreachable,
    `The daemon on ${path} ended without an answer, so it is not known whether ${what}. bunctl list shows the apps${look}.`,
    { cause },
  );
}

/** Waits for a condition, at most as long as a daemon may take to end. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = systemClock.now() + END_GRACE;
  while (!condition() && systemClock.now() < deadline) await sleep(POLL);
}
