// Prints lines of logs: as they are, with the app's name in front, or as JSON.
import { print, printJson, say, write } from '../terminal/output.js';
import { harmless, style } from '../terminal/style.js';
import type { LogsData, LogsWanted } from './read-logs.js';
import type { LineEvent } from './wire.js';

/** Prints the last lines. With several apps, or if more may follow, each line begins with its app's name. */
export function printLogs(data: LogsData, { json, names }: LogsWanted, following = false): void {
  if (json) {
    printJson(data);
    return;
  }
  const apps = data.type === 'single' ? [[data.app, data.logs] as const] : data.apps;
  if (apps.length === 0) say('No app has printed anything.');
  const several = apps.length > 1 || (following && names?.length !== 1);
  for (const [app, { output, errors }] of apps) {
    const from = several ? `[${harmless(app)}] ` : '';
    write(output.map((line) => `${from}${harmless(line)}\n`).join(''));
    if (errors.length > 0 && !several) say(style('gray', '--- stderr ---'));
    write(errors.map((line) => `${from}${style('red', harmless(line))}\n`).join(''));
  }
}

/** Prints a line that an event brings. */
export function printLine(event: LineEvent, json: boolean, withName: boolean): void {
  if (json) {
    print(JSON.stringify({ type: 'event', event }));
    return;
  }
  const line = harmless(event.line);
  print(
    (withName ? `[${harmless(event.app)}] ` : '') + (event.stream === 'stderr' ? style('red', line) : line),
  );
}
