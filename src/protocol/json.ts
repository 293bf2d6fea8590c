// JSON on the wire: strict UTF-8 is read, well-formed strings are written.
import { Buffer } from 'node:buffer';
import { IpcError } from './errors.js';
import { encodeFrame } from './frames.js';

// A fatal decoder throws on invalid UTF-8; `ignoreBOM: true` keeps a byte order mark in the text, where JSON.parse refuses it.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The deepest nesting of a large payload. JSON.parse takes seconds for millions of brackets, and cannot be interrupted. */
const DEEPEST = 1000;
/** The payloads, in bytes, that are looked at for their nesting; a smaller one takes milliseconds, whatever it is. */
const LARGE = 256 * 1024;

/**
 * Parses one payload.
 *
 * @throws {IpcError} `MESSAGE_INVALID` for invalid UTF-8, a byte order mark, an empty payload, malformed JSON, or more
 *   than 1,000 nested arrays and objects in a payload of more than 256 KiB.
 */
export function parseJson(payload: Uint8Array): unknown {
  if (payload.byteLength === 0) throw new IpcError('MESSAGE_INVALID', 'Invalid message: the frame is empty');
  if (payload.byteLength > LARGE && isDeep(payload))
    throw new IpcError('MESSAGE_INVALID', `Invalid message: more than ${DEEPEST} levels of nesting`);
  let text: string;
  try {
    text = decoder.decode(payload);
  } catch (cause) {
    throw new IpcError('MESSAGE_INVALID', 'Invalid message: not valid UTF-8', { cause });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'malformed JSON';
    throw new IpcError('MESSAGE_INVALID', `Invalid message: ${why}`, { cause });
  }
}

const [QUOTE, BACKSLASH, ARRAY, ARRAY_END, OBJECT, OBJECT_END] = Buffer.from('"\\[]{}');

/** Whether the brackets outside of texts are nested deeper than {@link DEEPEST}. */
function isDeep(payload: Uint8Array): boolean {
  let depth = 0;
  for (let at = 0; at < payload.length; at += 1) {
    const byte = payload[at];
    if (byte === QUOTE) at = endOfText(payload, at);
    else if (byte === ARRAY || byte === OBJECT) depth += 1;
    else if (byte === ARRAY_END || byte === OBJECT_END) depth -= 1;
    if (depth > DEEPEST) return true;
  }
  return false;
}

/** Where a text ends that begins at `start`. */
function endOfText(payload: Uint8Array, start: number): number {
  for (let at = start + 1; at < payload.length; at += 1) {
    if (payload[at] === BACKSLASH) at += 1;
    else if (payload[at] === QUOTE) return at;
  }
  return payload.length;
}

/**
 * Writes a value as JSON that any strict reader accepts. JSON.stringify writes lone surrogates as
 * escapes, which serde_json refuses; here they become U+FFFD.
 *
 * @throws {TypeError | RangeError} for a value that cannot be written: a cycle, a BigInt, nesting too deep for the stack.
 */
export function writeJson(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError('undefined is not JSON');
  return text.includes('\\ud') ? JSON.stringify(wellFormed(JSON.parse(text))) : text;
}

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.toWellFormed(), wellFormed(item)]),
  );
}

/** Encodes a value as one frame of JSON. Throws the errors of {@link writeJson} and {@link encodeFrame}. */
export function encodeJsonFrame(value: unknown, maxMessageSize?: number): Buffer {
  return encodeFrame(writeJson(value), maxMessageSize);
}
