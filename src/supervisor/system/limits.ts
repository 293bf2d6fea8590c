// The limits of a process, as /proc/PID/limits has them.
import { readProc } from './stat.js';

export interface Limits {
  /** `Infinity` for unlimited. */
  readonly soft: number;
  readonly hard: number;
}

/** @param what As it stands there after `Max`. @returns Undefined where it cannot be known. */
export function limitsOf(pid: number | 'self', what: 'open files' | 'stack size'): Limits | undefined {
  const text = readProc(`/proc/${pid}/limits`)?.toString('latin1') ?? '';
  const found = new RegExp(`^Max ${what}\\s+(\\d+|unlimited)\\s+(\\d+|unlimited)`, 'm').exec(text);
  if (!found) return undefined;
  const [soft, hard] = [found[1], found[2]].map((value) =>
    value === 'unlimited' ? Infinity : Number(value),
  );
  return { soft: soft as number, hard: hard as number };
}
