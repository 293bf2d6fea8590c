// The codes of errors: one table, the same in the documentation and in the code; and errors as `Error` responses.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES, errorResponse, IpcError } from 'bunctl-ipc/protocol';
import { describe, expect, test } from 'vitest';
import { errorToData } from '#dist/protocol/errors.js';

const ROOT = join(import.meta.dirname, '..', '..');

describe('the table of codes', () => {
  test('is in docs/protocol.md as it is in the code', () => {
    const docs = readFileSync(join(ROOT, 'docs', 'protocol.md'), 'utf8');
    const section = docs.slice(docs.indexOf('## Error codes'));
    const rows = [...section.matchAll(/^\| `(\w+)` \| (.+) \|$/gm)].map(([, code, text]) => [code, text]);
    expect(rows).toEqual(Object.entries(ERROR_CODES));
  });

  test('has every code that the source uses', () => {
    const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
    const used = files
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [
        ...readFileSync(join(ROOT, 'src', file), 'utf8').matchAll(/new IpcError\(\s*'([^']+)'/g),
      ])
      .map(([, code]) => code);
    expect(used.length).toBeGreaterThan(20);
    expect(used.filter((code) => !Object.hasOwn(ERROR_CODES, String(code)))).toEqual([]);
  });
});

describe('an error as a response', () => {
  const hostile = Object.defineProperty({}, 'code', {
    get() {
      throw new Error('looked at');
    },
  });
  test.each([
    ['an IpcError', new IpcError('SHUTTING_DOWN', 'stopping'), 'SHUTTING_DOWN', 'stopping'],
    ['an error with a code', Object.assign(new Error('none'), { code: 'ENOENT' }), 'ENOENT', 'none'],
    ['an object with a code', { code: 'MINE', message: 'text' }, 'MINE', 'text'],
    ['an error without a code', new TypeError('broken'), 'COMMAND_FAILED', 'broken'],
    ['a code that is a number', Object.assign(new Error('x'), { code: 5 }), 'COMMAND_FAILED', 'x'],
    ['an empty code', Object.assign(new Error('x'), { code: '' }), 'COMMAND_FAILED', 'x'],
    ['a code of 101 characters', { code: 'x'.repeat(101), message: 'x' }, 'COMMAND_FAILED', 'x'],
    ['a string', 'text', 'COMMAND_FAILED', 'text'],
    ['null', null, 'COMMAND_FAILED', 'thrown value: null'],
    ['an object that throws', hostile, 'COMMAND_FAILED', 'thrown value that cannot be shown'],
  ])('%s', (_what, thrown, code, message) => {
    expect(errorResponse(thrown)).toEqual({ Error: { message, code } });
  });
});

describe('instanceof', () => {
  class Narrow extends IpcError {}

  test('an IpcError is not an instance of a subclass', () => {
    expect(new IpcError('SHUTTING_DOWN')).not.toBeInstanceOf(Narrow);
    expect(new IpcError('SHUTTING_DOWN')).toBeInstanceOf(IpcError);
    expect(new Error('x')).not.toBeInstanceOf(IpcError);
  });

  test('an instance of a subclass is an instance of both classes', () => {
    expect(new Narrow('SHUTTING_DOWN')).toBeInstanceOf(Narrow);
    expect(new Narrow('SHUTTING_DOWN')).toBeInstanceOf(IpcError);
  });

  test('holds across two loaded copies of the package, either way', async () => {
    const url = new URL('../../dist/protocol/errors.js?copy', import.meta.url).href;
    const copy = (await import(/* @vite-ignore */ url)) as { IpcError: typeof IpcError };
    expect(copy.IpcError).not.toBe(IpcError);
    expect(new copy.IpcError('SHUTTING_DOWN')).toBeInstanceOf(IpcError);
    expect(new IpcError('SHUTTING_DOWN')).toBeInstanceOf(copy.IpcError);
    expect(new copy.IpcError('SHUTTING_DOWN')).not.toBeInstanceOf(Narrow);
  });

  test('asks whatever was thrown, also what throws when it is asked', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(proxy instanceof IpcError).toBe(false);
  });
});

test('whatever was thrown becomes data', () => {
  expect(errorToData(new IpcError('FRAME_TIMEOUT'))).toMatchObject({
    code: 'FRAME_TIMEOUT',
    name: 'IpcError',
  });
  expect(errorToData(null).message).toContain('null');
  expect(errorToData('text').message).toBe('text');
  expect(errorToData(Object.create(null)).message).toBe('thrown object without a message');
  const trap = new Proxy(new Error(), {
    getPrototypeOf() {
      throw new Error('trap');
    },
  });
  expect(errorToData(trap).message).toContain('cannot be shown');
});

describe('an error that has an empty message still says something', () => {
  test.each([
    ['an error', new RangeError(), 'RangeError without a message'],
    ['a text', '', 'thrown value without a message'],
    // As Node makes it when no address of a name accepts a connection.
    [
      'errors in one',
      new AggregateError([new Error('no to ::1'), new Error('no to 127.0.0.1')], ''),
      'no to ::1; no to 127.0.0.1',
    ],
    ['no errors in one', new AggregateError([], ''), 'AggregateError without a message'],
  ])('%s', (_what, thrown, message) => {
    expect(errorToData(thrown).message).toBe(message);
  });

  test('many errors in one are cut short, and one that holds itself ends', () => {
    const many = new AggregateError(
      Array.from({ length: 1000 }, (_, index) => new Error(`no ${index}`)),
      '',
    );
    expect(errorToData(many).message).toBe('no 0; no 1; no 2; no 3; no 4; and 995 more');
    const own = new AggregateError([], '');
    own.errors.push(own);
    expect(errorToData(own).message).toBe('AggregateError without a message');
  });
});
