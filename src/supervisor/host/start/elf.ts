// The header of a compiled program (ELF; see elf(5)): the machine it is for, and the loader it needs.
import { open, readdir } from 'node:fs/promises';

/** Names of machines, by their number. */
const MACHINES: Readonly<Record<number, string>> = {
  3: 'x86',
  8: 'mips',
  20: 'ppc',
  21: 'ppc64',
  22: 's390',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  243: 'riscv64',
  258: 'loong64',
};

/** Machines that also run programs for another. */
const ALSO_RUNS: Readonly<Record<number, number>> = { 62: 3, 183: 40 };

const PT_INTERP = 3;

interface Header {
  readonly machine: number;
  readonly is64: boolean;
  readonly word: (at: number, bytes: 2 | 4 | 8) => number;
}

function headerOf(bytes: Buffer): Header | undefined {
  if (bytes.length < 64 || bytes.toString('latin1', 0, 4) !== '\x7fELF') return undefined;
  const little = bytes[5] === 1;
  const word = (at: number, size: 2 | 4 | 8): number => {
    if (at + size > bytes.length) return 0;
    if (size < 8) return little ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size);
    return Number(little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  };
  return { machine: word(18, 2), is64: bytes[4] === 2, word };
}

let own: Promise<number | undefined> | undefined;

async function ownMachine(): Promise<number | undefined> {
  try {
    const file = await open(process.execPath);
    try {
      return headerOf((await file.read(Buffer.alloc(64), 0, 64, 0)).buffer)?.machine;
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

/** Whether the kernel hands programs of other machines to an emulator. */
async function hasEmulators(): Promise<boolean> {
  const entries = await readdir('/proc/sys/fs/binfmt_misc').catch(() => []);
  return entries.some((entry) => entry !== 'register' && entry !== 'status');
}

/** The name of the machine that a program is for, if this machine cannot run it. */
export async function foreignMachine(beginning: Buffer): Promise<string | undefined> {
  const header = headerOf(beginning);
  if (header === undefined) return undefined;
  own ??= ownMachine();
  const ours = await own;
  const { machine } = header;
  if (ours === undefined || machine === ours || ALSO_RUNS[ours] === machine || (await hasEmulators()))
    return undefined;
  return MACHINES[machine] ?? `number ${machine}`;
}

/** The loader that a program needs; undefined if it needs none, or says so beyond what was read. */
export function programInterpreter(beginning: Buffer): string | undefined {
  const header = headerOf(beginning);
  if (header === undefined) return undefined;
  const { is64, word } = header;
  const table = is64 ? word(32, 8) : word(28, 4);
  const [size, count] = is64 ? [word(54, 2), word(56, 2)] : [word(42, 2), word(44, 2)];
  for (let entry = table; entry < Math.min(table + size * count, beginning.length); entry += size) {
    if (word(entry, 4) !== PT_INTERP) continue;
    const [offset, length] = is64
      ? [word(entry + 8, 8), word(entry + 32, 8)]
      : [word(entry + 4, 4), word(entry + 16, 4)];
    if (length < 2 || offset + length > beginning.length) return undefined;
    return beginning.toString('utf8', offset, offset + length - 1);
  }
  return undefined;
}
