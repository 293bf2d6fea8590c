// Sizes as people write them: "512M", "1g", "300 kb", a bare number of bytes.

/** In bytes; undefined for what is no size, and for nothing. */
export function parseSize(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d+)\s*([kmg]?)b?$/i.exec(text) ?? [];
  if (number === undefined || Number(number) === 0) return undefined;
  return Number(number) * 1024 ** ['', 'k', 'm', 'g'].indexOf(unit.toLowerCase());
}
