// bunctl shutdown
import { setTimeout as sleep } from 'node:timers/promises';
import type { IpcClient } from '../../client/client.js';
import { identify, isAlive } from '../../supervisor/system/processes.js';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { daemonFor } from '../daemon/find.js';
import { CliError, EXIT } from '../terminal/exit.js';
import { print, say } from '../terminal/output.js';
import { daemonInfo } from '../answers/wire.js';

export const help = `Stops all apps, each with its own timeout, then the daemon.

Usage: bunctl shutdown

${COMMON_HELP}`;

export async function run(args: string[]): Promise<void> {
  const { daemon } = parse(args, {}, { names: 'bunctl stop' });
  const client = await daemonFor(daemon, { start: 'if-left' });
  if (!client) {
    say('No daemon is running.');
    return;
  }
  try {
    await end(client, daemon.timeout === 0 ? Infinity : (daemon.timeout ?? 120) * 1000);
  } finally {
    await client.close();
  }
  print(`Stopped the daemon on ${client.path}`);
}

/** The wire has no message for this: the daemon says which process it is, and a signal makes it shut down. */
async function end(client: IpcClient, timeout: number): Promise<void> {
  const info = await daemonInfo(client);
  if (!info)
    throw new CliError(
      EXIT.failed,
      `The daemon on ${client.path} is not this bunctl; end it by its own means.`,
    );
  const itself = identify(info.pid);
  process.kill(info.pid, 'SIGTERM');
  const deadline = performance.now() + timeout;
  while (isAlive(itself)) {
    if (performance.now() > deadline)
      throw new CliError(
        EXIT.timeout,
        `The daemon (pid ${info.pid}) is still stopping its apps (timeout); it goes on with that.`,
      );
    await sleep(30);
  }
}
