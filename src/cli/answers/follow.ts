// Follows logs: the last lines, then every line that is printed from then on, each once.
import type { IpcClient } from '../../client/client.js';
import { CliError, EXIT, exitCodeOf } from '../terminal/exit.js';
import { canPrint, print, say } from '../terminal/output.js';
import { printLine, printLogs } from './log-lines.js';
import { type LogsWanted, readFromDaemon } from './read-logs.js';
import { askData, type LineEvent, type Logs } from './wire.js';

/** Subscribes first and asks then: a line that is printed in between is in the answer and in an event. */
export async function follow(client: IpcClient, wanted: LogsWanted): Promise<void> {
  const { names, json } = wanted;
  const ids = names && (await Promise.all(names.map((name) => idOf(client, name))));
  const only = ids?.length === 1 ? (ids[0] as string) : null;
  const subscription = client.subscribe({ LogEvents: { app_name: only } });
  await subscription.ready;
  const data = await readFromDaemon(client, wanted, false);
  if (json) print(JSON.stringify({ type: 'initial', logs: data }));
  else printLogs(data, wanted, true);
  const isNew = newLines(data.type === 'single' ? [[only ?? data.app, data.logs]] : data.apps);
  try {
    for await (const { event_type: type, data: content } of subscription) {
      if (type === 'events_dropped') {
        const { dropped } = content as { dropped: number };
        say(`… ${dropped} lines are missing: they came faster than they were read`);
      }
      const event = content as LineEvent;
      if (type !== 'log_line' || (ids && !ids.includes(event.app)) || !isNew(event)) continue;
      printLine(event, json, only === null);
      if (!canPrint()) return;
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
 * Tells for each line whether it is new. Lines that end within what the answer has shown are not, until a line of the
 * same file lies beyond it.
 */
function newLines(initial: readonly (readonly [string, Logs])[]): (event: LineEvent) => boolean {
  const shown = new Map<string, Shown>();
  for (const [app, { ends, generations }] of initial)
    for (const stream of ['stdout', 'stderr'] as const)
      if (ends) shown.set(`${stream} ${app}`, { end: ends[stream], generation: generations?.[stream] });
  return ({ app, stream, end, generation }) => {
    const key = `${stream} ${app}`;
    const last = shown.get(key);
    if (last && end !== undefined && generation === last.generation && end <= last.end) return false;
    shown.delete(key);
    return true;
  };
}
