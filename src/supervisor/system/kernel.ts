// Figures of this kernel that differ from machine to machine, as it gives them to each program at its start.
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';

/** Keys of the auxiliary vector; see getauxval(3). */
const AT_PAGESZ = 6;
const AT_CLKTCK = 17;

/** The pairs of an auxiliary vector, such as /proc/self/auxv holds. */
export function parseAuxiliaryVector(
  bytes: Buffer,
  wordSize: 4 | 8,
  order: 'LE' | 'BE',
): Map<number, number> {
  const word = (at: number): number =>
    wordSize === 4
      ? bytes[`readUInt32${order}`](at)
      : Number(bytes[order === 'LE' ? 'readBigUInt64LE' : 'readBigUInt64BE'](at));
  const pairs = new Map<number, number>();
  for (let at = 0; at + 2 * wordSize <= bytes.length; at += 2 * wordSize)
    pairs.set(word(at), word(at + wordSize));
  return pairs;
}

function ownVector(): Map<number, number> {
  if (process.platform !== 'linux') return new Map();
  try {
    const wordSize = process.arch === 'arm' || process.arch === 'ia32' ? 4 : 8;
    return parseAuxiliaryVector(readFileSync('/proc/self/auxv'), wordSize, endianness());
  } catch {
    return new Map();
  }
}

const vector = ownVector();

/** Bytes of a page of memory: 4,096 on most machines, 16,384 or 65,536 on some. */
export const PAGE = vector.get(AT_PAGESZ) ?? 4096;

/** Clock ticks in a second, the unit of CPU times and start times in /proc. */
export const TICKS_PER_SECOND = vector.get(AT_CLKTCK) ?? 100;
