// What the programs of Windows print about processes, read as values: our command for PowerShell, wmic, and tasklist.
import { PAGE, TICKS_PER_SECOND } from './kernel.js';
import type { ProcessStat } from './stat.js';

/** The columns that {@link parseWmic} reads; those of Win32_Process. */
export const WMIC_COLUMNS =
  'CreationDate,KernelModeTime,ParentProcessId,ProcessId,UserModeTime,WorkingSetSize';

/** Times of Windows are in steps of 100 ns since 1601. */
const STEPS_PER_TICK = 10_000_000n / BigInt(TICKS_PER_SECOND);
const BEFORE_1970 = 116_444_736_000_000_000n;

/** A row of PowerShell: number, parent, start, bytes, and both processor times. See `powershell.ts`. */
const ROW = /^p (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)\s*$/;

/** The processes in what PowerShell has printed. What is not a row is left out. */
export function parsePowerShell(lines: readonly string[]): Map<number, ProcessStat> {
  const processes = new Map<number, ProcessStat>();
  for (const line of lines) {
    const row = ROW.exec(line);
    if (row === null) continue;
    const [, pid, parent, start, bytes, kernel, user] = row as unknown as [string, ...string[]];
    processes.set(Number(pid), {
      ...stat(Number(parent), Number(bytes)),
      startTime: start === '0' ? '' : startTime(BigInt(start as string)),
      cpuTicks: ticks(BigInt(kernel as string) + BigInt(user as string)),
    });
  }
  return processes;
}

/** The processes in what `wmic process get … /value` has printed: lines such as `ProcessId=4`, each process in turn. */
export function parseWmic(text: string): Map<number, ProcessStat> {
  const processes = new Map<number, ProcessStat>();
  let row = new Map<string, string>();
  const end = (): void => {
    const figure = (name: string): string => /^\d+$/.exec(row.get(name) ?? '')?.[0] ?? '0';
    const known = [...WMIC_COLUMNS.split(',')].every((name) => row.has(name));
    if (known)
      processes.set(Number(figure('ProcessId')), {
        ...stat(Number(figure('ParentProcessId')), Number(figure('WorkingSetSize'))),
        startTime: startOfDate(row.get('CreationDate') as string),
        cpuTicks: ticks(BigInt(figure('KernelModeTime')) + BigInt(figure('UserModeTime'))),
      });
    row = new Map();
  };
  for (const line of text.split(/[\r\n]+/)) {
    const [, name, value] = /^(\w+)=(.*)$/.exec(line.trim()) ?? [];
    if (name === undefined || value === undefined) continue;
    if (row.has(name)) end();
    row.set(name, value);
  }
  end();
  return processes;
}

/** A row of tasklist: name, number, session and its number, and memory with the separators of the user's language. */
const TASK = /^"(?:[^"]|"")*","(\d+)","[^"]*","\d*","([^"]*\d[^"]*)"\s*$/;

/** The processes in what `tasklist /fo csv /nh` has printed. It tells neither parents nor times. */
export function parseTasklist(text: string): Map<number, ProcessStat> {
  const processes = new Map<number, ProcessStat>();
  for (const line of text.split(/[\r\n]+/)) {
    const [, pid, memory] = TASK.exec(line.trim()) ?? [];
    if (pid !== undefined && memory !== undefined)
      processes.set(Number(pid), stat(0, Number(memory.replace(/\D/g, '')) * 1024));
  }
  return processes;
}

/**
 * The text that a program has printed: in UTF-16, with or without a byte order mark, or in a code page with the digits
 * of ASCII.
 */
export function textOf(bytes: Buffer): string {
  const wide = bytes.includes(0) || (bytes[0] === 0xff && bytes[1] === 0xfe);
  return bytes.toString(wide ? 'utf16le' : 'latin1').replace(/^\ufeff/, '');
}

/** A date of WMI: `20261127084000.123456+060`, by a clock that is this many minutes ahead of UTC. */
function startOfDate(date: string): string {
  const [, year, month, day, hour, minute, second, micro, ahead] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{6})([+-]\d{3})$/.exec(date) ?? [];
  if (year === undefined) return '';
  const seconds =
    Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) / 1000 - Number(ahead) * 60;
  return startTime((BigInt(seconds) * 1_000_000n + BigInt(micro as string)) * 10n + BEFORE_1970);
}

/** In ticks since 1970, as exact as Windows has it. */
function startTime(steps: bigint): string {
  const since = steps - BEFORE_1970;
  const rest = (since % STEPS_PER_TICK).toString().padStart(STEPS_PER_TICK.toString().length - 1, '0');
  return `${since / STEPS_PER_TICK}.${rest}`;
}

const ticks = (steps: bigint): number => Number(steps) / Number(STEPS_PER_TICK);

const stat = (parent: number, bytes: number): ProcessStat => ({
  state: 'R',
  parent,
  group: 0,
  session: 0,
  startTime: '',
  cpuTicks: 0,
  childTicks: 0,
  residentPages: Math.round(bytes / PAGE),
});
