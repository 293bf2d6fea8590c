// Encodes a handler's response, or the error it threw, as JSON that can be sent.
import { Buffer } from 'node:buffer';
import { errorToData, IpcError } from '../../protocol/errors.js';
import { frameTooLarge } from '../../protocol/frames.js';
import { writeJson } from '../../protocol/json.js';
import type { IpcErrorResponse } from '../../protocol/messages.js';
import { checkCode, checkResponse, errorResponse, isList } from '../../protocol/responses.js';
import { namedError } from '../link/log.js';

/** JSON and its size in UTF-8. */
export interface AnswerText {
  readonly text: string;
  readonly size: number;
}

/**
 * Encodes the value that the handler of `name` returned.
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

/** The field that each kind of answer must have. */
const MAIN_FIELD: Readonly<Record<string, 'message' | 'data'>> = {
  Success: 'message',
  Error: 'message',
  Data: 'data',
};

// Each property is read once, and the value that was read is checked and sent: a getter may return another one next time.
// The main field is written by itself, so that a value that JSON leaves out, such as a function, cannot be missing.
function answerText(value: unknown): string {
  const kinds = typeof value === 'object' && value !== null && !isList(value) ? Object.keys(value) : [];
  const [kind = ''] = kinds;
  const main = Object.hasOwn(MAIN_FIELD, kind) ? MAIN_FIELD[kind] : undefined;
  const content = main && (value as Record<string, unknown>)[kind];
  const isObject = typeof content === 'object' && content !== null && !isList(content);
  if (main === undefined || kinds.length > 1 || !isObject) throw notAnAnswer(value);
  const fields: Record<string, unknown> = { ...content };
  const first = fields[main];
  if (first === undefined && main === 'data') throw new TypeError('Data.data is missing');
  if (main === 'message' && typeof first !== 'string')
    throw new TypeError(`${kind}.message must be a string`);
  if (kind === 'Error') checkCode(fields['code']);
  const opening = `{"${kind}":{"${main}":`;
  if (typeof fields['toJSON'] !== 'function') {
    const text = writeJson({ [kind]: { [main]: first, ...fields } });
    if (text.startsWith(opening)) return text;
  }
  return pieced(opening, main, fields);
}

/** Writes an answer field by field: JSON would leave its main field out, which throws here, or put it behind numeric names. */
function pieced(opening: string, main: string, fields: Readonly<Record<string, unknown>>): string {
  let text = `${opening}${writeJson(fields[main])}`;
  for (const name of Object.keys(fields)) {
    const field = fields[name];
    if (name !== main && field !== undefined) text += `,${writeJson(name)}:${writeJson(field)}`;
  }
  return `${text}}}`;
}

/** The reason why a value is not an answer, as its client is told. */
function notAnAnswer(value: unknown): Error {
  try {
    const [kind] = Object.keys(checkResponse(value));
    return new TypeError(`${kind} is not an answer; events are sent with publish()`);
  } catch (error) {
    return error as Error;
  }
}

/** The longest message and stack, in characters, that are logged of what a handler threw. */
const LONGEST_TOLD = 64 * 1024;

/** The longest chain of causes that is logged; an error may be its own cause. */
const MOST_CAUSES = 5;

/** What a handler threw, for the log: an error of the same class with the same code and causes, whose every part can be read. */
export function thrownForLog(thrown: unknown, causes = MOST_CAUSES): Error {
  const { code, name, message, stack } = errorToData(thrown);
  const error = namedError(name, message.slice(0, LONGEST_TOLD));
  const cause = causes > 0 ? causeOf(thrown) : undefined;
  return Object.defineProperties(Object.assign(error, code === undefined ? {} : { code }), {
    name: { value: name },
    stack: { value: stack?.slice(0, LONGEST_TOLD) ?? '' },
    ...(cause === undefined ? {} : { cause: { value: thrownForLog(cause, causes - 1) } }),
  });
}

/** The cause of an error; undefined without one, and for what cannot be read. */
function causeOf(thrown: unknown): unknown {
  try {
    return thrown instanceof Error ? thrown.cause : undefined;
  } catch {
    return undefined;
  }
}

/** Encodes whatever was thrown as an `Error` response. */
export function encodeError(thrown: unknown, maxMessageSize: number): AnswerText {
  const sized = (response: IpcErrorResponse): AnswerText => {
    const text = writeJson(response);
    return { text, size: Buffer.byteLength(text) };
  };
  const response = errorResponse(thrown);
  // Looked at first: JSON may be six times as long, and more than the longest string.
  const told = response.Error.message.length > maxMessageSize ? undefined : sized(response);
  if (told !== undefined && told.size <= maxMessageSize) return told;
  const message = 'The command failed, with an error message too long to send';
  return sized({ Error: { ...response.Error, message } });
}
