// Writes a Windows library without code, which hands each of its functions on to another library.
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';

/** Where the only section is in memory and in the file; see the PE format's specification. */
const [ADDRESS, OFFSET] = [0x1000, 0x200];
const HEADERS = 0x80;
const OPTIONAL_HEADER = HEADERS + 24;
const OPTIONAL_HEADER_BYTES = 240;
const EXPORT_DIRECTORY_BYTES = 40;

/**
 * @param {string} path Of the library to make.
 * @param {Record<string, string>} functions The library and name that stand for each name, such as `kernel32.Sleep`.
 */
export function writeForwarder(path, functions) {
  const { section, bytes } = exportSection(basename(path), functions);
  writeFileSync(path, Buffer.concat([headers(section.length, bytes), section]));
}

/** The export directory, its three tables, and the names. A function whose address is in here is a forward. */
function exportSection(library, functions) {
  const names = Object.keys(functions).sort();
  const [addresses, pointers, ordinals] = [0, 4, 8].map((n) => EXPORT_DIRECTORY_BYTES + n * names.length);
  const strings = [];
  let end = ordinals + 2 * names.length;
  const put = (text) => {
    const at = end;
    strings.push([at, text]);
    end += text.length + 1;
    return ADDRESS + at;
  };
  const own = put(library);
  const rows = names.map((name) => [put(name), put(functions[name])]);
  const section = Buffer.alloc(Math.ceil(end / OFFSET) * OFFSET);
  for (const [at, value] of [
    [12, own],
    [16, 1],
    [20, names.length],
    [24, names.length],
    [28, ADDRESS + addresses],
    [32, ADDRESS + pointers],
    [36, ADDRESS + ordinals],
  ])
    section.writeUInt32LE(value, at);
  rows.forEach(([name, target], n) => {
    section.writeUInt32LE(target, addresses + 4 * n);
    section.writeUInt32LE(name, pointers + 4 * n);
    section.writeUInt16LE(n, ordinals + 2 * n);
  });
  for (const [at, text] of strings) section.write(text, at, 'latin1');
  return { section, bytes: end };
}

function headers(raw, bytes) {
  const header = Buffer.alloc(OFFSET);
  const words = (at, ...values) => values.forEach((value, n) => header.writeUInt16LE(value, at + 2 * n));
  const longs = (at, ...values) => values.forEach((value, n) => header.writeUInt32LE(value, at + 4 * n));
  header.write('MZ', 0, 'latin1');
  longs(0x3c, HEADERS);
  header.write('PE\0\0', HEADERS, 'latin1');
  words(HEADERS + 4, 0x8664, 1);
  // A library for 64 bits.
  words(HEADERS + 20, OPTIONAL_HEADER_BYTES, 0x2022);
  const at = OPTIONAL_HEADER;
  words(at, 0x20b);
  longs(at + 8, raw);
  header.writeBigUInt64LE(0x1_8000_0000n, at + 24);
  longs(at + 32, ADDRESS, OFFSET);
  words(at + 40, 6);
  words(at + 48, 6);
  longs(at + 56, ADDRESS + Math.ceil(bytes / ADDRESS) * ADDRESS, OFFSET);
  words(at + 68, 3, 0x140);
  [0x100000n, 0x1000n, 0x100000n, 0x1000n].forEach((size, n) =>
    header.writeBigUInt64LE(size, at + 72 + 8 * n),
  );
  longs(at + 108, 16, ADDRESS, bytes);
  const table = at + OPTIONAL_HEADER_BYTES;
  header.write('.edata', table, 'latin1');
  longs(table + 8, bytes, ADDRESS, raw, OFFSET);
  longs(table + 36, 0x40000040);
  return header;
}
