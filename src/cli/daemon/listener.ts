// Which process listens on a socket, by what Linux tells of sockets and descriptors.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { eachProcess } from '../../supervisor/system/scan.js';
import { system } from '../../supervisor/system/system.js';

/** The flag of a socket that listens, in /proc/net/unix. */
const LISTENS = '00010000';

/** The process that listens on a path; undefined if that is not proven, or it belongs to another user. */
export async function listenerOn(path: string): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    const inode = inodeOf(path);
    const found: number[] = [];
    if (inode !== undefined)
      await eachProcess((pid) => {
        if (holds(pid, `socket:[${inode}]`)) found.push(pid);
      });
    return found.length === 1 ? found[0] : undefined;
  } catch {
    // There is no /proc here.
    return undefined;
  }
}

/** Whether a process is stopped, as by SIGSTOP. */
export const isStopped = (pid: number): boolean => /^[Tt]$/.test(system.statOf(pid)?.state ?? '');

function inodeOf(path: string): string | undefined {
  for (const line of readFileSync('/proc/net/unix', 'utf8').split('\n')) {
    const [, flags, inode, name] = /^\S+ \S+ \S+ (\S+) \S+ \S+ +(\d+) (.*)$/.exec(line) ?? [];
    if (flags === LISTENS && name === path) return inode;
  }
  return undefined;
}

function holds(pid: number, socket: string): boolean {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) => linkOf(`${folder}/${fd}`) === socket);
  } catch {
    // It has ended, or is another user's.
    return false;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
