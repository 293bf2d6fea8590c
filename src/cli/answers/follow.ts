// Follows logs by the events of a daemon whose files cannot be read here: the last lines, then every line that is printed from then on, each once.
import type { IpcClient } from '../../client/client.js';
import { isWanted } from '../../supervisor/logs/app-log.js';
import { CliError, EXIT, exitCodeOf } from '../terminal/exit.js';
import { canPrint, say } from '../terminal/output.js';
import { LinePrinter, printInitial } from './log-lines.js';
import type { LogsWanted } from './logs-wanted.js';
import { printLogs, readFromDaemon } from './read-logs.js';
import { askData, type LineEvent, type Logs } from './wire.js';

/** Subscribes first and asks then: a line that is printed in between is in the answer and in an event. */
export async function follow(client: IpcClient, wanted: LogsWanted): Promise<void> {
  const { names, json } = wanted;
  const ids = names && (await Promise.all(names.map((name) => idOf(client, name))));
  const only = ids?.length === 1 ? (ids[0] as string) : null;
  const subscription = client.subscribe({ LogEvents: { app_name: only } });
  await subscription.ready;
  const data = await readFromDaemon(client, wanted);
  if (json) printInitial(data);
  else await printLogs(data, wanted, true);
  if (!canPrint()) return;
  const isNew = newLines(data.type === 'single' ? [[only ?? data.app, data.logs]] : data.apps);
  const passes = isWanted(wanted.wanted);
  const printer = new LinePrinter(wanted, only === null);
  try {
    for await (const { event_type: type, data: content } of subscription) {
      if (type === 'events_dropped') {
        const { dropped } = content as { dropped: number };
        say(`… ${dropped} lines are missing: they came faster than they were read`);
      }
      const event = content as LineEvent;
      if (type !== 'log_line' || (ids && !ids.includes(event.app)) || !isNew(event)) continue;
      const { app, stream: source, line: text, end, generation, time = null } = event;
      const line = { time, at: time ?? Date.now(), source, text, end: end ?? 0, generation: generation ?? 0 };
      if (!passes(line)) continue;
      printer.lines(app, [
        json ? { time, source, text, end: end as number, generation: generation as number } : line,
      ]);
      if (!printer.flush()) return;
    }
  } catch (cause) {
    if (exitCodeOf(cause) !== EXIT.unreachable) throw cause;
    throw new CliError(
      EXIT.unreachable,
      'The daemon has gone, so nothing more is shown. bunctl list shows what is still running.',
      { cause },
    );
  }
}

/** Events carry an app's id; the daemon knows which id belongs to a name. */
async function idOf(client: IpcClient, name: string): Promise<string> {
  return ((await askData(client, { Status: { name } })) as { name: string }).name;
}

interface Shown {
  readonly end: number;
  readonly generation: number | undefined;
}

/**
 * Tells for each line whether it is new. Lines that end within what the answer has shown are not: those whose pair of
 * generation and end is not greater. Without generations this holds until a line of the same file lies beyond it.
 */
function newLines(initial: readonly (readonly [string, Logs])[]): (event: LineEvent) => boolean {
  const shown = new Map<string, Shown>();
  for (const [app, { ends, generations }] of initial)
    for (const stream of ['stdout', 'stderr'] as const)
      if (ends) shown.set(`${stream} ${app}`, { end: ends[stream], generation: generations?.[stream] });
  return ({ app, stream, end, generation }) => {
    const key = `${stream === 'bunctl' ? 'stdout' : stream} ${app}`;
    const last = shown.get(key);
    // It tells of lines that are left out, and not where.
    if (end === undefined) return true;
    if (last && isWithin(last, end, generation)) return false;
    shown.delete(key);
    return true;
  };
}

function isWithin(last: Shown, end: number, generation: number | undefined): boolean {
  if (generation === undefined || last.generation === undefined)
    return generation === last.generation && end <= last.end;
  return generation < last.generation || (generation === last.generation && end <= last.end);
}
