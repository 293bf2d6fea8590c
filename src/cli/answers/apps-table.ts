// Shows several apps to people: a table with one row each.
import { harmless, style, table } from '../terminal/style.js';
import { duration, leftOver, size, stateWord } from './show.js';
import type { AppStatus } from './wire.js';

const HEADINGS = ['name', 'state', 'pid', 'uptime', 'restarts', 'memory', 'cpu'];

const row = (app: AppStatus): string[] => [
  harmless(app.name),
  stateWord(app),
  String(app.pid ?? '-'),
  duration(app.uptime_seconds),
  String(app.restarts ?? 0),
  size(app.memory_bytes),
  typeof app.cpu_percent === 'number' ? `${app.cpu_percent} %` : '-',
];

export const appsTable = (apps: readonly AppStatus[]): string =>
  table([HEADINGS.map((heading) => style('bold', heading)), ...apps.map(row)]);

/** What apps have left behind, in sentences. */
export const leftBehindBy = (apps: readonly AppStatus[]): string[] =>
  apps.flatMap(({ name, escaped }) =>
    escaped?.length ? [`App ${harmless(name)}: ${leftOver(escaped)}`] : [],
  );
