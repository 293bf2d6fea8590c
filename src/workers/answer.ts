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
    text = answerText(value);
  } catch (cause) {
    throw new IpcError(
      'REPLY_INVALID',
      `The handler of ${name} returned something that cannot be sent: ${errorToData(cause).message}`,
      { cause },
    );
  }
  const size = Buffer.byteLength(text);
  if (size > maxMessageSize)
    throw new IpcError('REPLY_TOO_LARGE', frameTooLarge(size, maxMessageSize).message);
  return { text, size };
}

// What is checked is a copy, and the copy is what is sent: an object may say something else each time it is asked.
function answerText(value: unknown): string {
  const response = plainCopy(value, 1);
  if (typeof response === 'object' && response !== null && 'Event' in response)
    throw new TypeError('an Event is no answer; publish() sends events');
  const checked = checkResponse(response);
  if (!('Data' in checked)) return writeJson(checked);
  const { data, ...rest } = checked.Data;
  // By itself, so that what JSON leaves out, a function for one, is not an answer without data.
  const others = writeJson(rest).slice(1);
  return `{"Data":{"data":${writeJson(data)}${others === '}' ? '' : ','}${others}}`;
}

function plainCopy(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const copy: Record<string, unknown> = { ...value };
  if ('toJSON' in copy) throw new TypeError('a response with a toJSON of its own is not one');
  if (depth > 0) for (const key of Object.keys(copy)) copy[key] = plainCopy(copy[key], depth - 1);
  return copy;
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
