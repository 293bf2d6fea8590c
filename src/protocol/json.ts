// JSON on the wire: strict UTF-8 is read, well-formed strings are written.
import type { Buffer } from 'node:buffer';
import { IpcError } from './errors.js';
import { encodeFrame } from './frames.js';

// A fatal decoder throws on invalid UTF-8; `ignoreBOM: true` keeps a byte order mark in the text, where JSON.parse refuses it.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses one payload.
 *
 * @throws {IpcError} `MESSAGE_INVALID` for invalid UTF-8, a byte order mark, an empty payload or malformed JSON.
 */
export function parseJson(payload: Uint8Array): unknown {
  if (payload.byteLength === 0) throw new IpcError('MESSAGE_INVALID', 'Invalid message: the frame is empty');
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
