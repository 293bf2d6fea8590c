// One process as the system shows it, and how /proc on Linux shows it. A process that is gone has nothing to read; a read that fails for our own lack of
// descriptors or memory throws, because it says nothing about the process.
import { closeSync, openSync, readSync } from 'node:fs';

/** The facts of one process; see proc_pid_stat(5). A clock tick is 10 ms on nearly every system. */
export interface ProcessStat {
  /** One letter; `Z` and `X` are dead. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  /** 0 if it is not told. */
  readonly session: number;
  /** In clock ticks since the boot, as Linux writes it; since 1970 on macOS. */
  readonly startTime: string;
  /** Clock ticks in user and kernel mode. */
  readonly cpuTicks: number;
  /** The same of its children that have ended and that it waited for. */
  readonly childTicks: number;
  readonly residentPages: number;
}

/** The errors that are about this process, and not about the process that is read. */
const OURS = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

/** For reads of /proc, which are short and many: `readFileSync` takes a new buffer of 64 KiB for each, and four times as long. */
const scratch = Buffer.allocUnsafeSlow(8192);

/** Undefined if the file does not exist, or if we may not read it. */
export function readProc(path: string): Buffer | undefined {
  // Elsewhere anybody could put a folder of that name there.
  if (process.platform !== 'linux') return undefined;
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return readAll(file);
  } catch (error) {
    if (OURS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** The kernel may give less than is asked for before the end. */
function readAll(file: number): Buffer {
  let bytes = scratch;
  let length = 0;
  for (;;) {
    if (length === bytes.length) bytes = Buffer.concat([bytes], bytes.length * 2);
    const read = readSync(file, bytes, length, bytes.length - length, null);
    if (read === 0) return Buffer.from(bytes.subarray(0, length));
    length += read;
  }
}

/** Reads a line of /proc/PID/stat. The command's name may hold anything, so the fields are counted from its end. */
export function parseStat(line: string): ProcessStat {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0] ?? '?',
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    childTicks: Number(fields[13]) + Number(fields[14]),
    startTime: fields[19] ?? '',
    residentPages: Number(fields[21]),
  };
}

/** As /proc shows it; undefined if the process does not exist. */
export function statOf(pid: number): ProcessStat | undefined {
  const line = readProc(`/proc/${pid}/stat`);
  return line === undefined ? undefined : parseStat(line.toString('latin1'));
}

/** Whether a process of this state has ended; a zombie has. */
export function isDead({ state }: ProcessStat): boolean {
  return state === 'Z' || state === 'X';
}

/** The bit of SIGTERM in the masks of /proc/PID/status. */
const TERM = 1n << 14n;

/**
 * Whether SIGTERM ends a process at once, because it neither catches nor ignores nor blocks it. Such a process has
 * never had one.
 */
export function endsBySigterm(pid: number): boolean {
  const status = readProc(`/proc/${pid}/status`)?.toString('latin1') ?? '';
  const masks = [...status.matchAll(/^Sig(?:Blk|Ign|Cgt):\s+([\da-f]+)$/gm)];
  return masks.length === 3 && masks.every(([, mask]) => (BigInt(`0x${mask}`) & TERM) === 0n);
}
