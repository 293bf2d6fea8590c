// What a user wants to see of the logs, and the shape in which they come.
import type { Wanted } from '../../supervisor/logs/app-log.js';
import type { Logs } from './wire.js';

export interface LogsWanted {
  /** Names as they were typed; null for all apps. */
  readonly names: readonly string[] | null;
  /** How many of the last lines; undefined for all lines of the time that is wanted. */
  readonly lines: number | undefined;
  /** Which lines. */
  readonly wanted: Wanted;
  readonly json: boolean;
  /** Whether each line begins with its time. */
  readonly timestamps: boolean;
}

/** Logs in the shape of the wire: of one app, or of several by their ids. */
export type LogsData =
  | { readonly type: 'single'; readonly app: string; readonly logs: Logs }
  | { readonly type: 'all'; readonly apps: readonly (readonly [string, Logs])[] };

/** The logs of apps by their ids, in the shape of the wire. */
export function inWireShape(
  names: readonly string[] | null,
  apps: readonly (readonly [string, Logs])[],
): LogsData {
  const [name, ...more] = names ?? [];
  const [first] = apps;
  return name !== undefined && more.length === 0 && first
    ? { type: 'single', app: name, logs: first[1] }
    : { type: 'all', apps };
}

/** The apps of an answer, and their logs. */
export const appsOf = (data: LogsData): readonly (readonly [string, Logs])[] =>
  data.type === 'single' ? [[data.app, data.logs]] : data.apps;
