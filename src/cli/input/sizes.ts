// Sizes as people write them: "512M", "1g", "300 kb", or a number of bytes.

/** The size in bytes; undefined if the text is not a size, or is zero. */
export function parseSize(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d+)\s*([kmg]?)b?$/i.exec(text) ?? [];
  if (number === undefined || Number(number) === 0) return undefined;
  return Number(number) * 1024 ** ['', 'k', 'm', 'g'].indexOf(unit.toLowerCase());
}
