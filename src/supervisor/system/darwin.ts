// The facts of macOS, from its own tools. They are called by their paths, in the C locale and in UTC.
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { type SystemFacts, UNKNOWN } from './facts.js';
import { TICKS_PER_SECOND } from './kernel.js';
import { COLUMNS, parseBootSession, parsePlatform, parseProcesses, parseUser } from './ps.js';
import type { ProcessStat } from './stat.js';

const PS = '/bin/ps';
const SYSCTL = '/usr/sbin/sysctl';
const IOREG = '/usr/sbin/ioreg';
const ID = '/usr/bin/id';

/** The longest, in ms, that a tool may take, and the most bytes that it may print. */
const OPTIONS = {
  timeout: 5000,
  maxBuffer: 64 * 1024 * 1024,
  encoding: 'utf8',
  env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
} as const;

/** How the tools are run, and what the time is; the system's, unless a test gives others. */
export interface Tools {
  /** @throws {Error} if the tool ends with another code than 0, or cannot be started. */
  readonly run: (tool: string, args: readonly string[]) => string;
  readonly begin: (tool: string, args: readonly string[]) => Promise<string>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Whether there is a process of this number; a zombie counts. */
  readonly exists: (pid: number) => boolean;
}

const systemTools: Tools = {
  run: (tool, args) => execFileSync(tool, args, { ...OPTIONS, stdio: ['ignore', 'pipe', 'ignore'] }),
  begin: async (tool, args) => (await promisify(execFile)(tool, args, OPTIONS)).stdout,
  now: () => Date.now(),
  exists(pid) {
    try {
      process.kill(pid, 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM';
    }
  },
};

/** `ps` ends with 1 if it has found nothing. Everything else says nothing about processes. */
const foundNothing = (error: unknown): boolean => (error as { status?: unknown }).status === 1;

/** The facts of macOS. Start times are of the wall clock, in whole seconds; the kernel notes them at the start. */
export function macOs({ run, begin, now, exists }: Tools = systemTools): SystemFacts {
  let last: { readonly at: number; readonly processes: ReadonlyMap<number, ProcessStat> } | undefined;
  const all = ['-ax', ...COLUMNS];
  const keep = (text: string): ReadonlyMap<number, ProcessStat> => {
    last = { at: now(), processes: parseProcesses(text) };
    return last.processes;
  };
  const told = (
    parse: (text: string) => string | null,
    tool: string,
    args: readonly string[],
  ): string | null => {
    try {
      return parse(run(tool, args));
    } catch {
      return null;
    }
  };
  return {
    bootId: () => told(parseBootSession, SYSCTL, ['-n', 'kern.bootsessionuuid']),
    pidNamespace: () => null,
    machineId: () => told(parsePlatform, IOREG, ['-rd1', '-c', 'IOPlatformExpertDevice']),
    ticksNow: () => (now() / 1000) * TICKS_PER_SECOND,
    statOf(pid, maxAge = 0) {
      if (!exists(pid)) return undefined;
      if (maxAge > 0) {
        const recent = last !== undefined && now() - last.at <= maxAge ? last.processes : keep(run(PS, all));
        return recent.get(pid);
      }
      try {
        return parseProcesses(run(PS, [...COLUMNS, '-p', String(pid)])).get(pid);
      } catch (error) {
        if (foundNothing(error)) return undefined;
        throw error;
      }
    },
    allStats: () => keep(run(PS, all)),
    look: async () => 'all',
    processTable: UNKNOWN.processTable,
    tableFrom: UNKNOWN.tableFrom,
    looksAreCheap: true,
    async eachStat(visit) {
      for (const [pid, stat] of keep(await begin(PS, all))) visit(pid, stat);
    },
    tellsProcesses: true,
    tellsGroups: true,
    namesHaveCase: true,
    async startTimeOf(pid) {
      return keep(await begin(PS, all)).get(pid)?.startTime ?? null;
    },
    tellsHandlers: false,
    async userOf(uid) {
      try {
        return parseUser(await begin(ID, ['-P', String(uid)]), uid);
      } catch {
        return undefined;
      }
    },
  };
}
