// What the tools of macOS print, read as values: ps(1), sysctl(8), ioreg(8) and id(1).
import { PAGE, TICKS_PER_SECOND } from './kernel.js';
import type { ProcessStat } from './stat.js';
import type { User } from './users.js';

/** The columns that {@link parseProcesses} reads. Each is an option of its own: a header, even an empty one, ends its list. */
export const COLUMNS = ['pid', 'ppid', 'pgid', 'stat', 'lstart', 'rss', 'time'].flatMap((name) => [
  '-o',
  `${name}=`,
]);

/** A row of these columns. The start has five words, such as `Fri Nov 27 02:02:56 2026`. */
const ROW = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+\S+ (\w+ +\d+ [\d:]+ \d+)\s+(\d+)\s+(\S+)\s*$/;

/** The processes that `ps` has printed in the C locale and UTC. What is not a row is left out. */
export function parseProcesses(text: string): Map<number, ProcessStat> {
  const processes = new Map<number, ProcessStat>();
  for (const line of text.split('\n')) {
    const row = ROW.exec(line);
    if (row === null) continue;
    const [, pid, parent, group, state, start, kilobytes, time] = row as unknown as string[];
    const started = Date.parse(`${start} UTC`);
    if (Number.isNaN(started)) continue;
    processes.set(Number(pid), {
      state: (state as string).charAt(0),
      parent: Number(parent),
      group: Number(group),
      // `ps` shows the address of a session there, and not its leader.
      session: 0,
      startTime: String((started / 1000) * TICKS_PER_SECOND),
      cpuTicks: Math.round(secondsOf(time as string) * TICKS_PER_SECOND),
      childTicks: 0,
      residentPages: Math.round((Number(kilobytes) * 1024) / PAGE),
    });
  }
  return processes;
}

/** The seconds of `1:02.34`, or of `1:02:03`, `2-01:02:03` as other versions print them. */
export function secondsOf(time: string): number {
  const [days, rest] = time.includes('-') ? time.split('-') : ['0', time];
  return (
    (rest ?? '').split(':').reduce((sum, part) => sum * 60 + (Number(part) || 0), 0) + Number(days) * 86_400
  );
}

const UUID = /[\dA-F]{8}(?:-[\dA-F]{4}){3}-[\dA-F]{12}/i;

/** The id in what `sysctl -n kern.bootsessionuuid` prints; null if there is none. */
export const parseBootSession = (text: string): string | null => UUID.exec(text)?.[0] ?? null;

/** The id of the machine in what `ioreg -rd1 -c IOPlatformExpertDevice` prints; null if there is none. */
export const parsePlatform = (text: string): string | null =>
  UUID.exec(/"IOPlatformUUID" = "(.*)"/.exec(text)?.[1] ?? '')?.[0] ?? null;

/** The user in what `id -P UID` prints, a line of master.passwd; undefined if it is not a line of this user. */
export function parseUser(text: string, uid: number): User | undefined {
  const [name, , id, gid, , , , , home] = text.trim().split(':');
  if (!name || id !== String(uid) || !/^\d+$/.test(gid ?? '') || home === undefined) return undefined;
  return { name, gid: Number(gid), home };
}
