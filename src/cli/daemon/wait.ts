// `start --wait`: returns when an app has run for some time, and fails with the end of its log when it does not.
import { systemClock } from '../../clock.js';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IpcClient } from '../../client/client.js';
import { exitText } from '../answers/show.js';
import { askData, type AppStatus, type Logs } from '../answers/wire.js';
import { positive } from '../input/numbers.js';
import { CliError, EXIT } from '../terminal/exit.js';
import { say } from '../terminal/output.js';
import { harmless } from '../terminal/style.js';

/** How long an app has to run, in seconds, without a value of --wait. */
const DEFAULT_WAIT = 2;
/** How often, in ms, the app is looked at. */
const POLL = 100;
/** How many lines of each stream are shown of an app that did not run that long. */
const LINES = 10;

/** The value of --wait in ms; undefined without the option. */
export function waitTime(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  return (typeof value === 'string' ? positive(value, '--wait') : DEFAULT_WAIT) * 1000;
}

/**
 * Waits until apps have run for a time, without a restart.
 *
 * @throws {CliError} exit code 1 if one has not; the last lines of its log are on stderr.
 */
export async function waitUntilStable(
  client: IpcClient,
  names: readonly string[],
  ms: number,
): Promise<void> {
  const pids = new Map<string, number | null>();
  const end = systemClock.now() + ms;
  for (;;) {
    for (const name of names) {
      const app = (await askData(client, { Status: { name } })) as AppStatus;
      const { pid, state } = app;
      const steady = state === 'Running' && (pids.get(name) ?? pid) === pid;
      if (!steady) await fail(client, name, app, ms);
      pids.set(name, pid);
    }
    const left = end - systemClock.now();
    if (left <= 0) return;
    await sleep(Math.min(POLL, left));
  }
}

async function fail(client: IpcClient, name: string, app: AppStatus, ms: number): Promise<never> {
  const { logs } = (await askData(client, { Logs: { name, lines: LINES } })) as { logs: Logs };
  for (const line of [...logs.output, ...logs.errors]) say(`  ${harmless(line)}`);
  const exit = exitText(app);
  throw new CliError(
    EXIT.failed,
    `App ${name} did not run for ${ms / 1000} s${exit === undefined ? '' : `; its last exit: ${exit}`}. Its last lines are above; all of them: bunctl logs ${name}`,
  );
}
