// The arguments of a command: its own options beside those that every command takes.
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { absoluteSocketPath } from '../default-path.js';
import type { DaemonOptions } from './connect.js';
import { usage } from './exit.js';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<T extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; allowPositionals: true; options: T }>
>['values'];

/** The help text's part about {@link COMMON}. */
export const COMMON_HELP = `  --socket PATH        the daemon's socket
  --timeout SECONDS    how long an answer may take (default 120)`;

export interface Parsed<T extends Options> {
  readonly values: Values<T>;
  readonly names: readonly string[];
  /** What stands behind `--`; undefined without it. */
  readonly rest: readonly string[] | undefined;
  readonly daemon: DaemonOptions;
}

export function parse<const T extends Options>(args: readonly string[], options: T): Parsed<T> {
  const end = args.indexOf('--');
  const { values, positionals } = parseArgs({
    args: end < 0 ? [...args] : args.slice(0, end),
    allowPositionals: true,
    options: { ...options, socket: { type: 'string' }, timeout: { type: 'string' } },
  });
  const { socket, timeout } = values as { socket?: string; timeout?: string };
  if (socket === '') throw usage('--socket needs a path');
  return {
    values: values as unknown as Values<T>,
    names: positionals,
    rest: end < 0 ? undefined : args.slice(end + 1),
    daemon: {
      socket: socket === undefined ? undefined : absoluteSocketPath(socket),
      timeout: timeout === undefined ? undefined : positive(timeout, '--timeout'),
    },
  };
}

/** A positive number out of an option's text. */
export function positive(text: string, option: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value))
    throw usage(`${option} needs a positive number, not "${text}"`);
  return value;
}

/** A whole number, 0 or more, out of an option's text. */
export function whole(text: string, option: string): number {
  if (!/^\d{1,15}$/.test(text)) throw usage(`${option} needs a whole number, not "${text}"`);
  return Number(text);
}
