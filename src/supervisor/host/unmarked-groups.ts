// What a dead app has left in its group without a mark: a member that has overwritten its environment, or was given none.
import { statSync } from 'node:fs';
import type { AppRecord } from '../model/app-record.js';
import { isHere } from '../system/place.js';
import { isDead } from '../system/stat.js';
import { system } from '../system/system.js';

/**
 * The ids of the apps that have left such members, found in one pass. The group's number may belong to a stranger by
 * now, so a member must also have the output of the app open.
 *
 * @param outputOf The files to which an app prints.
 */
export async function unmarkedGroups(
  records: readonly AppRecord[],
  outputOf: (id: string) => readonly string[],
): Promise<ReadonlySet<string>> {
  const byGroup = new Map<number, AppRecord>();
  for (const record of records)
    if (record.process !== null && isHere(record.process)) byGroup.set(record.process.pid, record);
  const found = new Set<string>();
  if (byGroup.size === 0) return found;
  await system.eachStat((pid, stat) => {
    const record = byGroup.get(stat.group);
    if (record === undefined || pid === stat.group || stat.session !== stat.group || isDead(stat)) return;
    if (Number(stat.startTime) < Number(record.process?.startTime)) return;
    if (prints(pid, outputOf(record.id))) found.add(record.id);
  });
  return found;
}

/** Whether stdout or stderr of a process is one of these files. */
function prints(pid: number, paths: readonly string[]): boolean {
  const files = new Set(paths.map(fileAt));
  return [1, 2].map((fd) => fileAt(`/proc/${pid}/fd/${fd}`)).some((file) => file !== null && files.has(file));
}

/** The file to which a path leads; null if there is none, or if it belongs to a process that we may not look into. */
function fileAt(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}
