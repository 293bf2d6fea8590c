// Checks the shape of responses without zod, which would slow a client's start, and turns errors into `Error` responses.
import type { Buffer } from 'node:buffer';
import { errorToData, IpcError } from './errors.js';
import { encodeFrame } from './frames.js';
import { encodeJsonFrame, writeJson } from './json.js';
import type { IpcErrorResponse, IpcResponse } from './messages.js';

/** The longest `code` that is sent, in characters. */
const LONGEST_CODE = 100;

/**
 * The `Error` response for any thrown value: its message, and its code if it has a string `code` of 1 to
 * 100 characters; otherwise `COMMAND_FAILED`. Never throws.
 */
export function errorResponse(thrown: unknown): IpcErrorResponse {
  const { code, message } = errorToData(thrown);
  const usable = code !== undefined && code.length > 0 && code.length <= LONGEST_CODE;
  return { Error: { message, code: usable ? code : 'COMMAND_FAILED' } };
}

/**
 * The {@link errorResponse} of an error as a frame.
 *
 * @throws {IpcError} `FRAME_TOO_LARGE` for a message of more than `maxMessageSize` bytes.
 */
export function errorFrame(thrown: unknown, maxMessageSize?: number): Buffer {
  return encodeJsonFrame(errorResponse(thrown), maxMessageSize);
}

/** The beginning of a response's JSON that shows its fields. */
const OPENING =
  /^\{"(?:(?:Success|Error)":\{"message":"|Data":\{"data":|Event":\{"event_type":"(?:[^"\\]|\\.)*","data":)/;

/**
 * A response as a frame. What is written is checked, too: JSON leaves out some values, such as functions, and writes what
 * `toJSON()` gives.
 *
 * @throws {IpcError} `REPLY_INVALID`; `FRAME_TOO_LARGE` for more than `maxMessageSize` bytes.
 */
export function responseFrame(response: unknown, maxMessageSize?: number): Buffer {
  let text: string;
  try {
    const checked = checkResponse(response);
    text = writeJson(checked);
    if ('toJSON' in checked || !OPENING.test(text)) checkResponse(JSON.parse(text));
    if ('Error' in checked) checkCode(checked.Error.code);
  } catch (cause) {
    if (cause instanceof IpcError) throw cause;
    throw new IpcError('REPLY_INVALID', `Invalid response: ${errorToData(cause).message}`, { cause });
  }
  return encodeFrame(text, maxMessageSize);
}

/**
 * Checks the `code` of an `Error` that is to be sent. What comes from another daemon is not held to it.
 *
 * @throws {IpcError} `REPLY_INVALID`.
 */
export function checkCode(code: unknown): void {
  if (code !== undefined && typeof code !== 'string')
    throw invalid('Error.code must be a string, or missing');
}

/**
 * Checks that a value is a response: exactly one of `Success`, `Error`, `Data` and `Event`, with its fields.
 *
 * @throws {IpcError} `REPLY_INVALID`, its message saying which part is wrong.
 */
export function checkResponse(value: unknown): IpcResponse {
  if (typeof value !== 'object' || value === null) {
    throw invalid(`a response is an object with one key, this is ${value === null ? 'null' : typeof value}`);
  }
  if (isList(value)) throw invalid('a response is an object with one key, this is a list or bytes');
  const keys = Object.keys(value);
  const [key] = keys;
  if (key === undefined || keys.length > 1)
    throw invalid(`a response has exactly one key, this has ${keys.length}`);
  const content = (value as Record<string, unknown>)[key];
  if (typeof content !== 'object' || content === null || isList(content))
    throw invalid(`${key} needs an object of fields`);
  const fields = content as Record<string, unknown>;
  switch (key) {
    case 'Success':
    case 'Error':
      if (typeof fields['message'] !== 'string') throw invalid(`${key}.message must be a string`);
      break;
    case 'Event':
      if (typeof fields['event_type'] !== 'string') throw invalid('Event.event_type must be a string');
      if (fields['data'] === undefined) throw invalid('Event.data is missing');
      break;
    case 'Data':
      if (fields['data'] === undefined) throw invalid('Data.data is missing');
      break;
    default:
      throw invalid(
        `unknown response ${JSON.stringify(key.slice(0, 60))}, expected Success, Error, Data or Event`,
      );
  }
  return value as IpcResponse;
}

/** Whether the keys of an object are numbers, of which there may be more than a thread has memory for. */
export function isList(value: object): boolean {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

function invalid(why: string): IpcError {
  return new IpcError('REPLY_INVALID', `Invalid response: ${why}`);
}
