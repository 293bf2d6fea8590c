// The place where a process id means something: one boot of one machine, and one numbering of its processes.
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { system } from './system.js';

/** Null where the system does not say. Records of an older version have only the boot. */
export interface Place {
  readonly bootId: string | null;
  /** The namespace of process ids: each container has its own, on one boot of one machine. */
  readonly pidNamespace?: string | null | undefined;
  /** A hash of the machine's id, which is the same over boots; see machine-id(5). */
  readonly machine?: string | null | undefined;
  /** The name of the machine or container, for messages. It may change at any time, so it identifies nothing. */
  readonly host?: string | undefined;
}

/** This place; each part is known, or known to be missing. */
type Here = { readonly [Key in keyof Place]-?: Exclude<Place[Key], undefined> };

let place: Here | undefined;

/** The place of this process. */
export function here(): Here {
  place ??= {
    bootId: system.bootId(),
    pidNamespace: system.pidNamespace(),
    machine: machine(),
    host: hostname(),
  };
  return place;
}

/** The number of this boot; null where the system has none. */
export const bootId = (): string | null => here().bootId;

/** Whether a place is this one. One whose boot is not known is another. */
export function isHere({ bootId, pidNamespace, machine }: Place): boolean {
  const us = here();
  return (
    bootId !== null &&
    bootId === us.bootId &&
    same(pidNamespace, us.pidNamespace) &&
    same(machine, us.machine)
  );
}

/**
 * Whether processes of a place may live although they cannot be seen here: it is another machine or container, and not
 * an earlier boot of this machine. Without an id of the machine, its name tells.
 */
export function isElsewhere(other: Place): boolean {
  if (isHere(other)) return false;
  const us = here();
  if (other.bootId !== null && other.bootId === us.bootId) return true;
  if (other.machine && us.machine) return other.machine !== us.machine;
  return other.host !== undefined && other.host !== us.host;
}

const same = (recorded: string | null | undefined, ours: string | null): boolean =>
  recorded === undefined || recorded === ours;

/** The id itself should stay secret, so it is hashed with a word of our own. */
function machine(): string | null {
  const id = system.machineId();
  return id === null ? null : createHash('sha256').update(`bunctl ${id}`).digest('hex').slice(0, 16);
}
