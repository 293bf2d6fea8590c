// Reads the keys of an ecosystem app, each as what it must be. A key of another type is refused: it would have no effect, or the opposite one.
import { splitWords } from '../input/shell-words.js';
import { parseSize } from '../input/sizes.js';
import { ConfigFileError, type Fields, isObject } from './config-fields.js';

/** An app of the file, and where the messages about it say that it is. */
export interface EcosystemApp {
  readonly fields: Fields;
  readonly name: string;
  readonly path: string;
}

const MEMORY = 'a number with k, m or g, such as "512M"';
/** What 32 bits hold. */
const LARGEST = 2 ** 32 - 1;
const VARIABLES = 'an object, such as {"KEY":"value"}';

/** A text; undefined when it is not given, which null means as well. */
export function textIn(app: EcosystemApp, key: string): string | undefined {
  const value = given(app, key);
  if (value === undefined || typeof value === 'string') return value;
  throw wrongType(app, key, 'text', value);
}

/** The first of these keys that has a text which is not empty. All of them are checked. */
export function firstTextIn(app: EcosystemApp, keys: readonly string[]): string | undefined {
  return keys.map((key) => textIn(app, key)).find((text) => text !== undefined && text !== '');
}

/** A number, which may be given as text, as under pm2. */
function numberIn(app: EcosystemApp, key: string, expected = 'a number'): number | undefined {
  const value = given(app, key);
  if (value === undefined) return undefined;
  const number = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number) && number >= 0) return number;
  throw wrongType(app, key, expected, value);
}

/** A number of things, or of a user or a group. */
export function wholeIn(app: EcosystemApp, key: string, expected?: string): number | undefined {
  const value = numberIn(app, key, expected);
  if (value === undefined || (Number.isInteger(value) && value <= LARGEST)) return value;
  throw wrongType(app, key, `a whole number of at most ${LARGEST}`, given(app, key));
}

/** Whole milliseconds, of which there may be at most this many. */
export function millisecondsIn(app: EcosystemApp, key: string, most = Infinity): number | undefined {
  const value = numberIn(app, key, 'a number of milliseconds, such as 3000');
  if (value !== undefined && value > most)
    throw wrongType(app, key, `at most an hour, which is ${most}`, given(app, key));
  return value === undefined ? undefined : Math.round(value);
}

export function flagIn(app: EcosystemApp, key: string): boolean | undefined {
  const value = given(app, key);
  if (value === undefined || typeof value === 'boolean') return value;
  throw wrongType(app, key, 'true or false', value);
}

/** A size in bytes; null for none, which 0 means as well. */
export function memoryIn(app: EcosystemApp, key: string): number | null {
  const value = given(app, key);
  const size = typeof value === 'string' ? parseSize(value) : numberIn(app, key, MEMORY);
  if (typeof value === 'string' && size === undefined) throw wrongType(app, key, MEMORY, value);
  return size === undefined ? null : Math.floor(size) || null;
}

/** The words of a text are split as a shell does; a list is taken as it is. */
export function wordsIn(app: EcosystemApp, key: string): readonly string[] {
  const value = given(app, key);
  if (Array.isArray(value)) return value.map((word: unknown, index) => wordOf(app, `${key}[${index}]`, word));
  if (value === undefined) return [];
  if (typeof value !== 'string') throw wrongType(app, key, 'text or a list of words', value);
  const words = splitWords(value);
  if (words) return words;
  throw new ConfigFileError(`${app.path}: ${key} of ${app.name} has a quote that is not closed: ${value}`);
}

/** Variables: values that are not text become JSON, as under pm2. */
export function variablesIn(app: EcosystemApp, key: string): Record<string, string> {
  const value = given(app, key);
  if (value === undefined) return {};
  if (!isObject(value)) throw wrongType(app, key, VARIABLES, value);
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      typeof each === 'string' ? each : JSON.stringify(each),
    ]),
  );
}

/** The variable that the port becomes. */
export function portIn(app: EcosystemApp): { PORT?: string } {
  const port = given(app, 'port');
  if (port === undefined) return {};
  if (typeof port === 'number' || typeof port === 'string') return { PORT: String(port) };
  throw wrongType(app, 'port', 'a number or text', port);
}

export function idIn(app: EcosystemApp, key: 'uid' | 'gid'): object {
  const id = wholeIn(app, key, 'a number; names are not supported');
  return id === undefined ? {} : { [key]: id };
}

function given({ fields }: EcosystemApp, key: string): unknown {
  return fields[key] ?? undefined;
}

function wordOf(app: EcosystemApp, key: string, word: unknown): string {
  if (typeof word === 'string') return word;
  if (typeof word === 'number' || typeof word === 'boolean') return String(word);
  throw wrongType(app, key, 'text, a number, true or false', word);
}

function wrongType({ name, path }: EcosystemApp, key: string, expected: string, value: unknown): Error {
  // What is in a list or an object may be secret.
  const found = Array.isArray(value) ? 'a list' : isObject(value) ? 'an object' : JSON.stringify(value);
  return new ConfigFileError(`${path}: ${key} of ${name} must be ${expected}, not ${found}`);
}
