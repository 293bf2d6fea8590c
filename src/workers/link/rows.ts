// The layout of every packed buffer between the threads: a count, a row of numbers for each record, then the records' bytes.
// Numbers are doubles, since a connection's number may pass 2^31.

/** Numbers in a row: three that say what the record is, and its length in bytes. */
const FIELDS = 4;

/** The size in bytes of the rows of `count` records, which is where the first record lies. */
export function rowsBytes(count: number): number {
  return (1 + FIELDS * count) * Float64Array.BYTES_PER_ELEMENT;
}

/** Writes rows, given one after the other, to the beginning of a buffer. */
export function writeRows(buffer: ArrayBuffer, rows: readonly number[]): void {
  const words = new Float64Array(buffer, 0, 1 + rows.length);
  words[0] = rows.length / FIELDS;
  words.set(rows, 1);
}

/** Reads rows in order. A record whose length is negative has no bytes here; `offset` is where the next one lies. */
export function readRows(
  buffer: ArrayBuffer,
  each: (first: number, second: number, third: number, length: number, offset: number) => void,
): void {
  const count = rowCount(buffer);
  const words = new Float64Array(buffer, 0, 1 + FIELDS * count);
  let offset = words.byteLength;
  for (let at = 1; at < words.length; at += FIELDS) {
    const length = words[at + 3] ?? 0;
    each(words[at] ?? 0, words[at + 1] ?? 0, words[at + 2] ?? 0, length, offset);
    if (length > 0) offset += length;
  }
}

/** The bytes of the records alone. */
export function recordBytes(buffer: ArrayBuffer): number {
  return buffer.byteLength - rowsBytes(rowCount(buffer));
}

function rowCount(buffer: ArrayBuffer): number {
  return new Float64Array(buffer, 0, 1)[0] ?? 0;
}
