// The ten requests, four responses and three subscriptions as zod schemas. The type of a message is its shape on the wire.
import { z } from 'zod';
import { IpcError } from './errors.js';
import { textsByName } from './record.js';

const text = z.string().refine((value) => value.isWellFormed(), 'must not contain lone surrogates');
const optionalText = text.nullish().transform((value) => value ?? null);
const json = z.unknown().transform((value): unknown => value ?? null);
// The original reads a usize. JSON.parse cannot tell 5.0 from 5.
const lineCount = z
  .number()
  .refine(
    (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 64,
    'must be a non-negative integer',
  );

/** `StatusEvents`, `LogEvents` and `AllEvents`: the events that a subscription wants, of one app or (null) of all. */
const subscriptionSchemas = {
  StatusEvents: z.object({ app_name: optionalText }),
  LogEvents: z.object({ app_name: optionalText }),
  AllEvents: z.object({ app_name: optionalText }),
};

const subscription = z.unknown().transform((value, context): SubscriptionType => {
  try {
    return parseVariant<SubscriptionType>(value, subscriptionSchemas, 'subscription');
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

/** A unit variant: a bare string on the wire, `{"List":null}` also accepted. */
const unit = null;

/** Variables by name. */
const environment = textsByName;

const requestSchemas = {
  // Optional fields are extensions, which the original ignores. docs/protocol.md says what they mean.
  Start: z.object({
    name: text,
    config: text,
    environment: environment.optional(),
    source: text.optional(),
    mode: text.optional(),
    replace: z.boolean().optional(),
    dry_run: z.boolean().optional(),
  }),
  Stop: z.object({ name: text, kill_escaped: z.boolean().optional() }),
  Restart: z.object({
    name: text,
    config: text.optional(),
    environment: environment.optional(),
    source: text.optional(),
    mode: text.optional(),
    kill_escaped: z.boolean().optional(),
    unless_running: z.boolean().optional(),
  }),
  Delete: z.object({ name: text, kill_escaped: z.boolean().optional() }),
  Status: z.object({ name: optionalText, stats: z.boolean().optional() }),
  List: unit,
  Logs: z.object({ name: optionalText, lines: lineCount, flush: z.boolean().optional() }),
  Subscribe: z.object({ subscription }),
  Unsubscribe: unit,
  /** An extension: the original does not have this request. */
  Shutdown: z.object({ kill_escaped: z.boolean().optional() }),
};

const responseSchemas = {
  Success: z.object({ message: text }),
  /** `code` is optional on the wire: the original does not send it. This package always sends one; see {@link ERROR_CODES}. */
  Error: z.object({ message: text, code: text.optional() }),
  Data: z.object({ data: json }),
  Event: z.object({ event_type: text, data: json }),
};

type Schemas = Readonly<Record<string, z.ZodObject | null>>;
/** The externally tagged union of a table of schemas: a bare name for a unit, `{Name: fields}` otherwise. */
type Tagged<T extends Schemas> = {
  [K in keyof T & string]: T[K] extends z.ZodObject ? { [P in K]: z.output<T[K]> } : K;
}[keyof T & string];

/** The events that a subscription asks for; exactly one key. */
export type SubscriptionType = Tagged<typeof subscriptionSchemas>;
/** A request, in its wire shape: exactly one key, or a bare string for `List` and `Unsubscribe`. */
export type IpcMessage = Tagged<typeof requestSchemas>;
/** A response, in its wire shape: exactly one key. */
export type IpcResponse = Tagged<typeof responseSchemas>;
/** An `Event` response, which only subscribers get. */
export type IpcEvent = Extract<IpcResponse, { Event: unknown }>;
/** An `Error` response: the reason why a request was not done. */
export type IpcErrorResponse = Extract<IpcResponse, { Error: unknown }>;
/** The answer to a request that was done. */
export type IpcAnswer = Exclude<IpcResponse, IpcEvent | IpcErrorResponse>;
/** The name of a request. */
export type CommandName = keyof typeof requestSchemas;
/** The fields of a request; null for a request without fields. */
export type CommandArgs<K extends CommandName> = (typeof requestSchemas)[K] extends z.ZodObject
  ? z.output<(typeof requestSchemas)[K]>
  : null;

/** The names of all requests, in the original's order. */
export const COMMAND_NAMES = Object.keys(requestSchemas) as readonly CommandName[];

/**
 * Checks a parsed request and returns its canonical shape (missing optional fields null, unknown fields removed).
 *
 * @throws {IpcError} `MESSAGE_INVALID`, its message saying which part is wrong.
 */
export function parseRequest(value: unknown): IpcMessage {
  return parseVariant<IpcMessage>(value, requestSchemas, 'message');
}

/**
 * Checks a parsed response; the same rules as {@link parseRequest}.
 *
 * @throws {IpcError} `MESSAGE_INVALID`.
 */
export function parseResponse(value: unknown): IpcResponse {
  return parseVariant<IpcResponse>(value, responseSchemas, 'response');
}

/** A request's name and its fields (null for a unit). */
export function splitRequest(message: IpcMessage): { name: CommandName; args: unknown } {
  if (typeof message === 'string') return { name: message, args: null };
  const [name, args] = Object.entries(message)[0] as [CommandName, unknown];
  return { name, args };
}

// The key chooses the variant, and only the schema of that variant is run, so that the error is about the right variant.
function parseVariant<T>(value: unknown, schemas: Schemas, what: string): T {
  const [key, content] = variantOf(value, what);
  const schema = Object.hasOwn(schemas, key) ? schemas[key] : undefined;
  if (schema === undefined) {
    throw invalid(`unknown ${what} ${quote(key)}, expected one of ${Object.keys(schemas).join(', ')}`);
  }
  if (schema === null) {
    if (content !== null) throw invalid(`${key} has no fields, write ${JSON.stringify(key)}`);
    return key as T;
  }
  if (content === BARE) {
    const needed = neededFields(schema);
    if (needed.length > 0) throw invalid(`${key} needs its fields: ${needed.join(', ')}`);
    throw invalid(`${key} needs an object, write {${JSON.stringify(key)}:{}}`);
  }
  const result = schema.safeParse(fromPositional(content, schema, key));
  if (!result.success) throw invalid(`${key}: ${explain(result.error)}`, result.error);
  return { [key]: result.data } as T;
}

const BARE = undefined;

function variantOf(value: unknown, what: string): [key: string, content: unknown] {
  if (typeof value === 'string') {
    return [value, value === 'List' || value === 'Unsubscribe' ? null : BARE];
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`a ${what} is an object with one key or a bare name`);
  }
  let found: string | undefined;
  // Not Object.keys: a hostile object has as many keys as fit a frame.
  for (const key in value) {
    // JSON.parse makes no inherited keys, but a handler's library may have given every object one.
    if (!Object.hasOwn(value, key)) continue;
    if (found !== undefined) throw invalid(`a ${what} has exactly one key, this has more`);
    found = key;
  }
  if (found === undefined) throw invalid(`a ${what} has exactly one key, this has none`);
  return [found, (value as Record<string, unknown>)[found]];
}

// serde also reads a struct from an array of its fields in order: {"Status":[null]}. The optional fields are ours: the
// original's arrays do not have them.
function fromPositional(content: unknown, schema: z.ZodObject, key: string): unknown {
  if (!Array.isArray(content)) return content;
  const names = neededFields(schema);
  if (content.length !== names.length) {
    throw invalid(`${key}: ${content.length} fields, expected ${names.length} (${names.join(', ')})`);
  }
  return Object.fromEntries(names.map((name, index) => [name, content[index] as unknown]));
}

function neededFields({ shape }: z.ZodObject): string[] {
  return Object.keys(shape).filter((name) => !(shape[name] instanceof z.ZodOptional));
}

/** The faults of a message that are told; a hostile one may have millions. */
const TOLD_FAULTS = 5;

function explain({ issues }: z.ZodError): string {
  const told = issues
    .slice(0, TOLD_FAULTS)
    .map(({ path, message }) => (path.length > 0 ? `${shown(path)}: ` : '') + message);
  if (issues.length > TOLD_FAULTS) told.push(`and ${issues.length - TOLD_FAULTS} more`);
  return told.join('; ');
}

const shown = (path: readonly PropertyKey[]): string => shortened(path.join('.'));

function quote(key: string): string {
  return JSON.stringify(shortened(key));
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

function invalid(why: string, cause?: unknown): IpcError {
  return new IpcError(
    'MESSAGE_INVALID',
    `Invalid message: ${why}`,
    cause === undefined ? undefined : { cause },
  );
}
