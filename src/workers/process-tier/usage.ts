// What the kernel says about a process: resident memory and processor time. Known on Linux only.
import { readFileSync } from 'node:fs';

/** Bytes of resident memory; undefined where the kernel does not tell, or if the process has ended. */
export function residentBytes(pid: number): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(read(pid, 'status'))?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** Milliseconds that the main thread of a process was on a processor; undefined as above. */
export function processorTime(pid: number): number | undefined {
  const nanoseconds = /^(\d+) /.exec(read(pid, 'schedstat'))?.[1];
  return nanoseconds === undefined ? undefined : Number(nanoseconds) / 1e6;
}

/** These files are made by the kernel when they are read: to read one takes some 20 µs and never waits for a disk. */
function read(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}
