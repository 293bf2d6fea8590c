// What the daemon must answer to a stream of bytes, by a reading of docs/protocol.md that shares no code with it.
import { isDeepStrictEqual } from 'node:util';

/** The code of the `Error` that must come, `any` for one answer of any kind, or the fields that must come back and from where. */
export type Due = { readonly code: string } | { readonly args: unknown; readonly place: string } | 'any';

export interface Verdict {
  readonly answers: readonly Due[];
  /** Whether the daemon ends the connection by itself. */
  readonly ends: boolean;
}

const INVALID: Due = { code: 'MESSAGE_INVALID' };
/** The target runs this command on main, \`Status\` in a process, and the others in a thread. */
export const LISTED: Due = { args: null, place: 'main' };

/** A command with an isolation of its own must be named like this within its first 64 bytes. */
const PLAIN_NAME = /^[ \t\r\n]*(?:\{[ \t\r\n]*)?"[A-Za-z]+"/;

/** The answers to a stream that ends after these bytes: what is not whole is nothing. */
export function judge(stream: Buffer, maxMessageSize: number): Verdict {
  const answers: Due[] = [];
  for (let rest = stream; rest.length >= 4;) {
    const length = rest.readUInt32LE(0);
    if (length > maxMessageSize) return { answers: [...answers, { code: 'FRAME_TOO_LARGE' }], ends: true };
    if (rest.length < 4 + length) break;
    answers.push(judgePayload(rest.subarray(4, 4 + length)));
    rest = rest.subarray(4 + length);
  }
  return { answers, ends: false };
}

function judgePayload(payload: Buffer): Due {
  const due = judgeText(payload);
  const elsewhere = typeof due === 'object' && 'place' in due && due.place !== 'thread';
  return elsewhere && !PLAIN_NAME.test(payload.toString('latin1', 0, 64)) ? INVALID : due;
}

function judgeText(payload: Buffer): Due {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload));
  } catch {
    return INVALID;
  }
  if (value === 'List') return LISTED;
  if (value === 'Unsubscribe') return 'any';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return INVALID;
  const entries = Object.entries(value);
  if (entries.length !== 1) return INVALID;
  const [kind, fields] = entries[0] as [string, unknown];
  return judgeKind(kind, fields);
}

function judgeKind(kind: string, fields: unknown): Due {
  if (kind === 'List' || kind === 'Unsubscribe') {
    if (fields !== null) return INVALID;
    return kind === 'List' ? LISTED : 'any';
  }
  if (['Restart', 'Subscribe', 'Shutdown'].includes(kind)) return 'any';
  if (kind === 'Start') return judgeFields(fields, { name: text, config: text }, { environment: variables });
  if (kind === 'Status') return judgeFields(fields, { name: optionalText }, {}, 'process');
  if (kind === 'Logs') return judgeFields(fields, { name: optionalText, lines: count });
  if (kind === 'Stop' || kind === 'Delete') {
    if (Array.isArray(fields) || (isObject(fields) && Object.hasOwn(fields, 'kill_escaped'))) return 'any';
    return judgeFields(fields, { name: text });
  }
  return INVALID;
}

type Check = (value: unknown) => unknown;
const BAD = Symbol('bad');
const text: Check = (value) => (typeof value === 'string' && value.isWellFormed() ? value : BAD);
const optionalText: Check = (value) => (value === undefined || value === null ? null : text(value));
/** JSON has a negative zero, which is written as 0. */
const count: Check = (value) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 64
    ? Math.abs(value)
    : BAD;

const variables: Check = (value) =>
  isObject(value) &&
  !Array.isArray(value) &&
  Object.entries(value).every((pair) => pair.every((part) => text(part) !== BAD))
    ? value
    : BAD;

/** An object with these fields, and perhaps `more`, others ignored; or an array with exactly these fields, in order. */
function judgeFields(
  fields: unknown,
  checks: Record<string, Check>,
  more: Record<string, Check> = {},
  place = 'thread',
): Due {
  if (!isObject(fields)) return INVALID;
  const isArray = Array.isArray(fields);
  const names = Object.keys(checks);
  if (isArray && fields.length !== names.length) return INVALID;
  const given = isArray
    ? Object.fromEntries(names.map((name, index) => [name, fields[index] as unknown]))
    : fields;
  const optional = Object.entries(more).filter(([name]) => Object.hasOwn(given, name));
  const args = [...Object.entries(checks), ...optional].map(
    ([name, check]) => [name, check(own(given, name))] as const,
  );
  return args.some(([, value]) => value === BAD) ? INVALID : { args: Object.fromEntries(args), place };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
const own = (value: Record<string, unknown>, name: string): unknown =>
  Object.hasOwn(value, name) ? value[name] : undefined;

/** Throws when the answers are not those that are due. */
export function compare(answers: readonly unknown[], { answers: due }: Verdict): void {
  if (answers.length !== due.length)
    throw new Error(`${answers.length} answers instead of ${due.length}: ${shown(answers)}`);
  for (const [index, one] of due.entries())
    if (!matches(answers[index], one))
      throw new Error(`answer ${index} is ${shown(answers[index])} instead of ${shown(one)}`);
}

function matches(answer: unknown, due: Due): boolean {
  const { Error: refusal, Data } = answer as { Error?: { code: string }; Data?: { data: unknown } };
  if (due === 'any') return true;
  if ('code' in due) return refusal?.code === due.code;
  return isDeepStrictEqual(Data?.data, { args: due.args, polluted: [], place: due.place });
}

const shown = (value: unknown): string => (JSON.stringify(value) as string | undefined)?.slice(0, 400) ?? '';
