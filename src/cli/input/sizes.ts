// Sizes as people write them: "512M", "1g", "300 kb", or a number of bytes.
import { usage } from '../terminal/exit.js';

/** The size in bytes; undefined if the text is not a size, or is zero. */
export function parseSize(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d+)\s*([kmg]?)b?$/i.exec(text) ?? [];
  if (number === undefined || Number(number) === 0) return undefined;
  return Number(number) * 1024 ** ['', 'k', 'm', 'g'].indexOf(unit.toLowerCase());
}

/** A size, where 0 means none. @throws {CliError} that names the option and the example. */
export function sizeOrNone(text: string, option: string, example = '50M'): number {
  const size = text === '0' ? 0 : parseSize(text);
  if (size === undefined)
    throw usage(`${option} needs a number with k, m or g, such as ${example}, or 0, not "${text}"`);
  return size;
}
