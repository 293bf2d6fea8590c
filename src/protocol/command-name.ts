// The name of a command, read from the first bytes of its payload. Main routes by it, and parses nothing.

/** Bytes that are looked at. White space before the name counts. */
const MOST = 64;

const QUOTE = 0x22;
const BRACE = 0x7b;

/**
 * @returns The name in a payload of the form `"Name"` or `{"Name":…`. Undefined for any other form, such as a name that
 *   is written with escapes: only a parser can tell what that says.
 */
export function commandNameOf(payload: Uint8Array): string | undefined {
  let at = blanks(payload, 0);
  if (payload[at] === BRACE) at = blanks(payload, at + 1);
  if (payload[at] !== QUOTE) return undefined;
  const from = at + 1;
  const end = Math.min(payload.length, MOST);
  for (at = from; at < end && isLetter(payload[at] as number); at += 1);
  return at < end && payload[at] === QUOTE ? String.fromCharCode(...payload.subarray(from, at)) : undefined;
}

function blanks(payload: Uint8Array, from: number): number {
  let at = from;
  while (at < MOST && isBlank(payload[at])) at += 1;
  return at;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}
