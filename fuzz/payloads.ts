// Payloads that a hostile or broken client sends.
import fc from 'fast-check';

const KINDS = ['Start', 'Stop', 'Restart', 'Delete', 'Status', 'List', 'Logs', 'Subscribe', 'Unsubscribe'];
const KEYS = [
  ...['name', 'config', 'lines', 'subscription', 'app_name', 'AllEvents', 'kill_escaped', 'environment'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'then', 'toJSON', '', '\0', 'hasOwnProperty'],
];
/** The inside of messages that are right. */
const GOOD = [
  '"List":null',
  '"Stop":{"name":"a"}',
  '"Status":{"name":null}',
  '"Logs":{"name":"a","lines":1}',
];
/** JSON that is legal, or nearly so, in places where something goes wrong easily. */
const FRAGMENTS = [
  ...['1e400', '-1e400', '-0', '5.0', '1.5', '-1', '18446744073709551615', '18446744073709551616'],
  ...['9007199254740993', '1e-400', '00', '01', '+1', '.5', '1.', '0x10', 'NaN', 'Infinity', 'undefined'],
  ...['null', 'true', 'TRUE', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"\0"'],
  ...['"\\x41"', '"\\u12"', '"\n"', "'a'", '"\ufeff"', '[]', '{}', '[null]', '[,]', '[1,]', '{"a":1,}', '//'],
  ...['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}', '{"a":1,"a":2}'],
  ...['{"__proto__":"x","a":"b"}', '{"constructor":"x","toString":"y"}'],
];

const quoted = (text: string): string => JSON.stringify(text);
const nested = (depth: number, open: string, close: string): string =>
  open.repeat(depth) + '0' + close.repeat(depth);

/** Text of a JSON value, or of something like it. */
const value: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...FRAGMENTS) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }).map(quoted) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 20_000 }).map((depth) => nested(depth, '[', ']')) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 8000 }).map((depth) => nested(depth, '{"a":', '}')) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 60_000 }).map((size) => quoted('x'.repeat(size))) },
);

/** Fields: some are right, some are given twice. */
const fields = fc
  .array(fc.tuple(fc.constantFrom(...KEYS), value), { maxLength: 5 })
  .map((all) => `{${all.map(([key, text]) => `${quoted(key)}:${text}`).join(',')}}`);

/** The same letters, some written as escapes. */
const escaped = (text: string): fc.Arbitrary<string> =>
  fc.array(fc.boolean(), { minLength: text.length, maxLength: text.length }).map((which) => {
    const letters = Array.from(text, (letter, index) =>
      which[index] ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}` : letter,
    );
    return `"${letters.join('')}"`;
  });

const kind = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...KINDS).map(quoted) },
  { weight: 2, arbitrary: fc.constantFrom(...KINDS).chain(escaped) },
  { weight: 1, arbitrary: fc.constantFrom(...KEYS).map(quoted) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }).map(quoted) },
);

/** A message whose parts may each be wrong. */
const message = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(kind, fc.oneof(fields, value)).map(([key, all]) => `{${key}:${all}}`) },
  { weight: 1, arbitrary: kind },
  { weight: 1, arbitrary: value },
  {
    weight: 1,
    arbitrary: fc.tuple(kind, fields, kind, fields).map(([a, b, c, d]) => `{${a}:${b},${c}:${d}}`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...GOOD), kind, fields, fc.boolean())
      .map(([good, key, all, first]) => (first ? `{${good},${key}:${all}}` : `{${key}:${all},${good}}`)),
  },
);

/** What stands around a message: white space, a byte order mark, rubbish. */
const AROUND = ['', '', '', ' ', '\n\t ', '\ufeff', '\0', '{', '}', ',', '\u2028', '/**/', ' '.repeat(100)];

/** Bytes that are not UTF-8: an overlong form, a surrogate, a lone continuation, a value beyond the last one, a cut. */
const NOT_UTF8 = ['c080', 'eda080', '80', 'f4908080', 'e282', 'ff', 'fe'].map((hex) =>
  Buffer.from(hex, 'hex'),
);

const texts = fc
  .tuple(fc.constantFrom(...AROUND), message, fc.constantFrom(...AROUND))
  .map((parts) => Buffer.from(parts.join('')));

const notUtf8 = fc
  .tuple(texts, fc.constantFrom(...NOT_UTF8), fc.nat())
  .map(([text, bad, at]) =>
    Buffer.concat([text.subarray(0, at % (text.length + 1)), bad, text.subarray(at % (text.length + 1))]),
  );

/** Payloads that fit a frame. */
export const payloads = fc.oneof(
  { weight: 8, arbitrary: texts },
  { weight: 1, arbitrary: notUtf8 },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)) },
);
