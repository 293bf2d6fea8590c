// What goes back for a command: a handler's response as JSON, or what it threw as an Error that can be sent.
import { Buffer } from 'node:buffer';
import { errorToData, IpcError } from '../protocol/errors.js';
import { frameTooLarge } from '../protocol/frames.js';
import { writeJson } from '../protocol/json.js';
import type { IpcResponse } from '../protocol/messages.js';
import { checkResponse } from '../protocol/responses.js';

/** JSON and its size in UTF-8. */
export interface AnswerText {
  readonly text: string;
  readonly size: number;
}

/**
 * What the handler of `name` returned.
 *
 * @throws {IpcError} `REPLY_INVALID`, `REPLY_TOO_LARGE`.
 */
export function encodeAnswer(value: unknown, name: string, maxMessageSize: number): AnswerText {
  let text: string;
  try {
    text = writeJson(checkResponse(value));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'not encodable';
    throw new IpcError(
      'REPLY_INVALID',
      `The handler of ${name} returned something that cannot be sent: ${why}`,
      { cause },
    );
  }
  const size = Buffer.byteLength(text);
  if (size > maxMessageSize)
    throw new IpcError('REPLY_TOO_LARGE', frameTooLarge(size, maxMessageSize).message);
  return { text, size };
}

/** Whatever was thrown, as an `Error` response. */
export function encodeError(thrown: unknown, maxMessageSize: number): AnswerText {
  const sized = (message: string): AnswerText => {
    const response: IpcResponse = { Error: { message } };
    const text = writeJson(response);
    return { text, size: Buffer.byteLength(text) };
  };
  const told = sized(errorToData(thrown).message);
  return told.size <= maxMessageSize
    ? told
    : sized('The command failed, with an error message too long to send');
}
