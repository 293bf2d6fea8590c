// What the process manager asks of an operating system about processes. What a system does not tell is null, undefined
// or empty, and then nothing is adopted, signalled or counted by it.
import type { ProcessStat } from './stat.js';
import type { User } from './users.js';

/** What a system tells about processes. `alone`: each process, but not by which one it was started. */
export type Told = 'all' | 'alone' | 'nothing';

/** All processes at one moment, by their numbers, and how much the system tells of them. */
export interface TableOfProcesses {
  readonly told: Told;
  readonly processes: ReadonlyMap<number, ProcessStat>;
}

export const NOTHING_TOLD: TableOfProcesses = { told: 'nothing', processes: new Map() };

export interface SystemFacts {
  /** The number of this boot. */
  readonly bootId: () => string | null;
  /** The numbering of processes that this process is in. */
  readonly pidNamespace: () => string | null;
  /** An id of this machine, which is the same over boots. */
  readonly machineId: () => string | null;
  /** The time, in the unit and from the beginning of {@link ProcessStat.startTime}; 0 if it is not known. */
  readonly ticksNow: () => number;
  /**
   * One process; undefined if it does not exist.
   *
   * @param maxAge How old, in ms, the answer may be.
   * @throws {Error} for our own lack of descriptors or memory, which says nothing about the process.
   */
  readonly statOf: (pid: number, maxAge?: number) => ProcessStat | undefined;
  /** All processes, in one pass that keeps the thread: not for the main thread. */
  readonly allStats: () => Iterable<readonly [number, ProcessStat]>;
  /**
   * Takes a new look at all processes for {@link allStats}, where that takes a while; elsewhere each call of that is a look.
   *
   * @param patience How long, in ms, it may take; then nothing is told.
   */
  readonly look: (patience: number) => Promise<Told>;
  /** What a look would tell, for another thread, where looks start programs; elsewhere nothing. Never rejects. */
  readonly processTable: () => Promise<TableOfProcesses>;
  /**
   * Has `read`, which asks another thread, take the looks of this one from now on, where looks start programs. On Windows
   * a new process inherits what any thread of its parent hands to a program at that moment (`bInheritHandles` of
   * CreateProcess), so that one thread alone may start programs.
   */
  readonly tableFrom: (read: () => Promise<TableOfProcesses>) => void;
  /** Whether a look costs so little that it may be taken every few seconds without need. */
  readonly looksAreCheap: boolean;
  /** Visits all processes, beside the thread's other work. Rejects if they cannot be listed. */
  readonly eachStat: (visit: (pid: number, stat: ProcessStat) => void) => Promise<void>;
  /** Whether processes and their groups are told. */
  readonly tellsProcesses: boolean;
  /** Whether there are process groups, and signals for them. */
  readonly tellsGroups: boolean;
  /** Whether the names of variables have upper and lower case. */
  readonly namesHaveCase: boolean;
  /** The start time of a process, where it is not told at once; null if it cannot be known. */
  readonly startTimeOf: (pid: number) => Promise<string | null>;
  /** Whether it is told which signals a process handles. */
  readonly tellsHandlers: boolean;
  /** Undefined if there is no such user. */
  readonly userOf: (uid: number) => Promise<User | undefined>;
}

/** A system about which nothing is known: every recorded process is a stranger there. */
export const UNKNOWN: SystemFacts = {
  bootId: () => null,
  pidNamespace: () => null,
  machineId: () => null,
  ticksNow: () => 0,
  statOf: () => undefined,
  allStats: () => [],
  look: async () => 'nothing',
  processTable: async () => NOTHING_TOLD,
  tableFrom: () => undefined,
  looksAreCheap: true,
  eachStat: async () => undefined,
  tellsProcesses: false,
  tellsGroups: true,
  namesHaveCase: true,
  startTimeOf: async () => null,
  tellsHandlers: false,
  userOf: async () => undefined,
};
