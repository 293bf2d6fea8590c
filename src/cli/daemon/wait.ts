// `start --wait`: returns when an app has run for some time, and fails with the end of its log when it does not.
import { systemClock } from '../../clock.js';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IpcClient } from '../../client/client.js';
import { exitText } from '../answers/show.js';
import { askData, type AppStatus, type Logs } from '../answers/wire.js';
import { positive } from '../input/numbers.js';
import { quoteWords } from '../input/shell-words.js';
import { CliError, EXIT } from '../terminal/exit.js';
import { say } from '../terminal/output.js';
import { harmless } from '../terminal/style.js';

/** How long an app has to run, in seconds, without a value of --wait. */
const DEFAULT_WAIT = 2;
/** How often, in ms, the app is looked at. */
const POLL = 100;
/** How many lines are shown of an app that did not run that long. */
const LINES = 10;

/** The value of --wait in ms; undefined without the option. */
export function waitTime(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  return (typeof value === 'string' ? positive(value, '--wait') : DEFAULT_WAIT) * 1000;
}

/** A start whose apps are waited for. */
export interface Waiting {
  /** How long they have to run, in ms. */
  readonly ms: number;
  /** When the start began, in ms since the epoch. */
  readonly since: number;
}

/**
 * Waits until apps have run for a time, without a restart.
 *
 * @throws {CliError} exit code 1 if one has not; what it has printed since the start is on stderr.
 */
export async function waitUntilStable(
  client: IpcClient,
  names: readonly string[],
  { ms, since }: Waiting,
): Promise<void> {
  const pids = new Map<string, number | null>();
  const end = systemClock.now() + ms;
  for (;;) {
    for (const name of names) {
      const app = (await askData(client, { Status: { name } })) as AppStatus;
      const { pid, state } = app;
      const steady = state === 'Running' && (pids.get(name) ?? pid) === pid;
      if (!steady) {
        const exit = exitText(app);
        const ended = exit === undefined ? '' : `; its last exit: ${exit}`;
        const goesOn = /^(Running|Starting|Backoff)/.test(state)
          ? ` It is restarted by its policy; ${command('stop', name)} ends that.`
          : '';
        const log = await showLines(client, name, since);
        throw new CliError(EXIT.failed, `App ${name} did not run for ${ms / 1000} s${ended}.${goesOn}${log}`);
      }
      pids.set(name, pid);
    }
    const left = end - systemClock.now();
    if (left <= 0) return;
    await sleep(Math.min(POLL, left));
  }
}

/** Shows the last lines that an app has printed since a time, and returns a sentence about them. */
async function showLines(client: IpcClient, name: string, since: number): Promise<string> {
  const { logs } = (await askData(client, { Logs: { name, lines: LINES } })) as { logs: Logs };
  const { lines = [], output, errors } = logs;
  const timed = lines.filter(({ time }) => time !== null);
  const shown =
    timed.length > 0
      ? timed.filter(({ time }) => (time as number) >= since).map(({ line }) => line)
      : [...output, ...errors];
  for (const line of shown) say(`  ${harmless(line)}`);
  if (shown.length === 0) return ` It has printed nothing since; its log: ${command('logs', name)}`;
  // A log without times, as with the format raw, does not say which run printed a line.
  const which = timed.length > 0 ? 'Its last lines are above' : 'The end of its log is above';
  return ` ${which}; its whole log: ${command('logs', name)}`;
}

const command = (word: string, name: string): string => `bunctl ${word} ${quoteWords([name])}`;
