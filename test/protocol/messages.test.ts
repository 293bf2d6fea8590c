// The messages in their canonical bytes, what else is accepted, and what is refused and why.
import fc from 'fast-check';
import {
  checkResponse,
  type EventFilter,
  encodeEvent,
  filterOf,
  filterPasses,
  IpcError,
  parseJson,
  parseRequest,
  parseResponse,
  writeJson,
} from 'bunctl-ipc/protocol';
import { describe, expect, test } from 'vitest';
import { property } from '../support/property.js';

const bytes = (text: string) => Buffer.from(text);
const request = (text: string) => parseRequest(parseJson(bytes(text)));

const REQUESTS = [
  '{"Start":{"name":"api","config":"{}"}}',
  '{"Stop":{"name":"api"}}',
  '{"Restart":{"name":"api"}}',
  '{"Delete":{"name":"api"}}',
  '{"Status":{"name":"api"}}',
  '{"Status":{"name":null}}',
  '"List"',
  '{"Logs":{"name":null,"lines":20}}',
  '{"Subscribe":{"subscription":{"StatusEvents":{"app_name":null}}}}',
  '{"Subscribe":{"subscription":{"LogEvents":{"app_name":"api"}}}}',
  '{"Subscribe":{"subscription":{"AllEvents":{"app_name":null}}}}',
  '"Unsubscribe"',
];
const RESPONSES = [
  '{"Success":{"message":"Started app api"}}',
  '{"Error":{"message":"no"}}',
  '{"Data":{"data":null}}',
  '{"Data":{"data":[1,{"a":"b"}]}}',
  '{"Event":{"event_type":"log_line","data":{"app":"api","stream":"stdout","line":"x"}}}',
];

describe('requests', () => {
  test.each(REQUESTS)('%s is read and written byte for byte', (text) => {
    expect(writeJson(request(text))).toBe(text);
  });

  test.each([
    ['{"List":null}', '"List"'],
    ['{"Unsubscribe":null}', '"Unsubscribe"'],
    [' \n"List" ', '"List"'],
    ['{"Status":{}}', '{"Status":{"name":null}}'],
    ['{"Status":[null]}', '{"Status":{"name":null}}'],
    ['{"Logs":{"lines":5}}', '{"Logs":{"name":null,"lines":5}}'],
    ['{"Logs":["a",0]}', '{"Logs":{"name":"a","lines":0}}'],
    ['{"Logs":{"name":"a","lines":5.0}}', '{"Logs":{"name":"a","lines":5}}'],
    ['{"Stop":{"name":"a","force":true}}', '{"Stop":{"name":"a"}}'],
    ['{"St\\u006fp":{"name":"a"}}', '{"Stop":{"name":"a"}}'],
    [
      '{"Subscribe":{"subscription":{"AllEvents":{}}}}',
      '{"Subscribe":{"subscription":{"AllEvents":{"app_name":null}}}}',
    ],
    ['{"Stop":{"name":"__proto__"}}', '{"Stop":{"name":"__proto__"}}'],
    [
      '{"Start":{"name":"a","config":"","environment":{"__proto__":"x","constructor":"y"}}}',
      '{"Start":{"name":"a","config":"","environment":{"__proto__":"x","constructor":"y"}}}',
    ],
  ])('%s is accepted as %s', (text, canonical) => {
    expect(writeJson(request(text))).toBe(canonical);
  });

  test.each([
    ['', 'empty'],
    ['{"List', 'Invalid message'],
    ['"List" x', 'Invalid message'],
    ['\ufeff"List"', 'Invalid message'],
    ['null', 'object with one key'],
    ['5', 'object with one key'],
    ['[]', 'object with one key'],
    ['{}', 'exactly one key'],
    ['{"Stop":{"name":"a"},"List":null}', 'exactly one key, this has more'],
    ['{"Ping":{}}', 'unknown message "Ping", expected one of Start, Stop'],
    ['{"stop":{"name":"a"}}', 'unknown message "stop"'],
    ['{"__proto__":{}}', 'unknown message "__proto__"'],
    ['{"constructor":{}}', 'unknown message "constructor"'],
    ['"toString"', 'unknown message "toString"'],
    ['"Status"', 'Status needs its fields'],
    ['"Restart"', /Restart needs its fields: name$/],
    ['"Shutdown"', 'Shutdown needs an object, write {"Shutdown":{}}'],
    ['{"List":{}}', 'List has no fields'],
    ['{"List":[]}', 'List has no fields'],
    ['{"Stop":{}}', 'name'],
    ['{"Stop":null}', 'Stop'],
    ['{"Stop":{"name":null}}', 'name'],
    ['{"Stop":{"name":"\\ud800"}}', 'lone surrogates'],
    ['{"Stop":["a","b"]}', '2 fields, expected 1'],
    ['{"Start":{"name":"a"}}', 'config'],
    ['{"Start":{"name":"a","config":{}}}', 'config'],
    ['{"Logs":{"name":"a"}}', 'lines'],
    ['{"Logs":{"lines":-1}}', 'non-negative integer'],
    ['{"Logs":{"lines":5.5}}', 'non-negative integer'],
    ['{"Logs":{"lines":"5"}}', 'lines'],
    ['{"Logs":{"lines":18446744073709551616}}', 'non-negative integer'],
    ['{"Logs":{"lines":1e400}}', 'lines'],
    ['{"Subscribe":{"subscription":"AllEvents"}}', 'AllEvents needs its fields'],
    ['{"Subscribe":{"subscription":{"AllEvents":null}}}', 'AllEvents'],
    ['{"Subscribe":{"subscription":{"Other":{}}}}', 'unknown subscription "Other"'],
    ['{"Subscribe":{}}', 'subscription'],
    ['{"Start":{"name":"a","config":"","environment":[]}}', 'environment: Invalid input: expected an object'],
    ['{"Start":{"name":"a","config":"","environment":{"b":5}}}', 'environment.b'],
    ['{"Start":{"name":"a","config":"","environment":{"\\ud800":"x"}}}', 'lone surrogates'],
  ])('%s is refused: %s', (text, part) => {
    expect(() => request(text)).toThrow(IpcError);
    expect(() => request(text)).toThrow(part);
    expect(() => request(text)).toThrow(/^Invalid message/);
  });

  test('are read where a library has given every object another property', () => {
    const added = Object.prototype as { added?: unknown };
    added.added = () => undefined;
    try {
      expect(REQUESTS.map((text) => writeJson(request(text)))).toEqual(REQUESTS);
      expect(() => request('{}')).toThrow('this has none');
    } finally {
      delete added.added;
    }
  });

  test('invalid UTF-8 is refused and not replaced', () => {
    expect(() => parseJson(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toThrow(/not valid UTF-8/);
  });

  test('an absurdly long variant name is not repeated in full', () => {
    expect(() => request(`{"${'x'.repeat(100_000)}":{}}`)).toThrow(/^.{0,300}$/);
  });

  test('of a million wrong entries the first is told, and of many wrong fields a few', () => {
    const environment = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [`K${index}`, index]),
    );
    expect(() => parseRequest({ Start: { name: 'a', config: '', environment } })).toThrow(
      /environment\.K0: .{0,60}$/,
    );
    expect(() =>
      parseRequest({ Start: { name: 'a', config: '', environment: { ['x'.repeat(1e6)]: 1 } } }),
    ).toThrow(/^.{0,300}$/);
    const wrong = { name: 1, config: 1, environment: 1, source: 1, mode: 1, replace: 1, dry_run: 1 };
    expect(() => parseRequest({ Start: wrong })).toThrow(/and 2 more$/);
  });

  test('a large one with more than 1,000 levels of nesting is refused before it is parsed', () => {
    const deep = (levels: number, filler: string) =>
      bytes(`{"Start":{"name":"a","config":"","x":${'['.repeat(levels)}"${filler}"${']'.repeat(levels)}}}`);
    const large = 'x[{'.repeat(100_000);
    expect(() => parseJson(deep(1000, large))).toThrow('Invalid message: more than 1000 levels of nesting');
    expect(parseJson(deep(998, `${large}\\\\\\"[`))).toBeDefined();
    expect(parseJson(deep(5000, 'short'))).toBeDefined();
    expect(parseJson(bytes(JSON.stringify(Array.from({ length: 100_000 }, () => [[]]))))).toBeDefined();
  });

  property([
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
  ])('any name and config go through unchanged', (name, config) => {
    const message = { Start: { name, config } };
    expect(request(writeJson(message))).toEqual(message);
  });
});

describe('responses', () => {
  test.each(RESPONSES)('%s is read and written byte for byte', (text) => {
    expect(writeJson(parseResponse(parseJson(bytes(text))))).toBe(text);
    expect(writeJson(checkResponse(parseJson(bytes(text))))).toBe(text);
  });

  test.each(['{"Data":{}}', '{"Event":{"event_type":"x"}}'])(
    '%s: a handler must not leave out a field, even if the schema would make it null',
    (text) => {
      expect(() => checkResponse(JSON.parse(text))).toThrow(/data is missing/);
    },
  );

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['a string', 'Success'],
    ['no key', {}],
    ['two keys', { Success: { message: '' }, Data: { data: 1 } }],
    ['an unknown key', { Pong: {} }],
    ['a message that is not a string', { Error: { message: 5 } }],
    ['no fields', { Success: null }],
    ['an event without a type', { Event: { data: 1 } }],
  ])('%s is not a response', (_what, value) => {
    expect(() => checkResponse(value)).toThrow(expect.objectContaining({ code: 'REPLY_INVALID' }));
  });

  // Half surrogates are what it is about, and fast-check's own units have none.
  const anyText = fc
    .array(fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd7ff, max: 0xe000 })))
    .map((units) => String.fromCharCode(...units));
  property([anyText, fc.jsonValue()])(
    'what is written has no lone surrogate, not even escaped',
    (text, value) => {
      const written = writeJson({ Data: { data: { [text]: [text, value] } } });
      expect(written.isWellFormed()).toBe(true);
      expect(written).not.toMatch(/\\ud[89a-f]/i);
      expect(JSON.parse(written)).toBeTypeOf('object');
    },
  );
});

describe('filters', () => {
  const STATUS = [
    'status_change',
    'process_started',
    'process_exited',
    'process_crashed',
    'process_restarting',
  ];
  test.each(['StatusEvents', 'LogEvents', 'AllEvents'] as const)('%s passes its event types', (kind) => {
    for (const type of [...STATUS, 'log_line', 'health_check_failed']) {
      const expected =
        kind === 'AllEvents' || (kind === 'LogEvents' ? type === 'log_line' : STATUS.includes(type));
      expect(filterPasses({ kind, appName: null }, type, 'a')).toBe(expected);
    }
  });

  test('an app name is compared exactly; null means every app, and also events that do not belong to an app', () => {
    const of = (appName: string | null): EventFilter => ({ kind: 'AllEvents', appName });
    expect(filterPasses(of('a'), 'x', 'a')).toBe(true);
    expect(filterPasses(of('a'), 'x', 'A')).toBe(false);
    expect(filterPasses(of('a'), 'x', null)).toBe(false);
    expect(filterPasses(of(null), 'x', null)).toBe(true);
    expect(filterOf({ LogEvents: { app_name: 'a' } })).toEqual({ kind: 'LogEvents', appName: 'a' });
  });

  test('an event that cannot be written as JSON or is too large is refused', () => {
    expect(encodeEvent('x', undefined).toString('latin1')).toContain(
      '{"Event":{"event_type":"x","data":null}}',
    );
    expect(() => encodeEvent('x', 1n)).toThrow(expect.objectContaining({ code: 'EVENT_INVALID' }));
    expect(() => encodeEvent('x', 'y'.repeat(100), 50)).toThrow(
      expect.objectContaining({ code: 'EVENT_INVALID' }),
    );
  });
});
