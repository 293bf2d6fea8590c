// Where the socket or pipe is on each platform, and errors that survive a second copy of the package.
import {
  candidateEndpoints,
  checkEndpoint,
  defaultEndpoint,
  endpointOf,
  type Surroundings,
} from 'bunctl-ipc/protocol';
import { namedEndpoints, originalPipeOf } from '#dist/protocol/endpoints.js';
import { describe, expect, test } from 'vitest';

const around = (over: Partial<Surroundings>): Surroundings => ({
  platform: 'linux',
  env: {},
  uid: 1000,
  tmpdir: '/tmp',
  ownsDirectory: () => false,
  ...over,
});

describe('the endpoint of a name', () => {
  test.each<[string, Partial<Surroundings>, string[]]>([
    [
      'has the places of the default one, with a file of its own',
      { env: { XDG_RUNTIME_DIR: '/r', BUNCTL_SOCKET: '/x/y' }, ownsDirectory: () => true },
      ['/r/shop.sock', '/run/user/1000/shop.sock', '/tmp/bunctl-ipc-1000/shop.sock'],
    ],
    [
      'is a place in the user’s profile on Windows',
      { platform: 'win32', uid: undefined, env: { LOCALAPPDATA: 'C:\\Users\\u\\AppData\\Local' } },
      ['C:\\Users\\u\\AppData\\Local\\bunctl-ipc\\shop.sock'],
    ],
  ])('%s', (_rule, over, expected) => {
    expect(namedEndpoints('shop', around(over))).toEqual(expected);
    const bunctls = candidateEndpoints(around({ ...over, env: { ...over.env, BUNCTL_SOCKET: undefined } }));
    expect(expected.filter((path) => bunctls.includes(path))).toEqual([]);
  });

  test.each(['a', 'a'.repeat(64), 'My-App_2.0', '0'])('%s is a name', (name) => {
    expect(namedEndpoints(name, around({}))).toEqual([`/tmp/bunctl-ipc-1000/${name}.sock`]);
  });

  test.each([
    '',
    'bunctl',
    '../up',
    'a/b',
    '.hidden',
    '-x',
    'a b',
    'a\0',
    'a\n',
    'ä',
    'a'.repeat(65),
    5,
    null,
  ])('%j is not a name', (name) => {
    expect(() => namedEndpoints(name as string, around({}))).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }) as Error,
    );
  });
});

describe('the default endpoint', () => {
  test.each<[string, Partial<Surroundings>, string]>([
    ['BUNCTL_SOCKET goes before all', { env: { BUNCTL_SOCKET: '/x/y', XDG_RUNTIME_DIR: '/r' } }, '/x/y'],
    ['then XDG_RUNTIME_DIR', { env: { XDG_RUNTIME_DIR: '/r/' } }, '/r/bunctl.sock'],
    ['which is ignored when empty', { env: { XDG_RUNTIME_DIR: '' } }, '/tmp/bunctl-1000/bunctl.sock'],
    ['or relative', { env: { XDG_RUNTIME_DIR: 'run' } }, '/tmp/bunctl-1000/bunctl.sock'],
    [
      'then /run/user/UID if it is ours',
      { ownsDirectory: (path) => path === '/run/user/1000' },
      '/run/user/1000/bunctl.sock',
    ],
    ['then a directory of our own', { tmpdir: '/var/t/' }, '/var/t/bunctl-1000/bunctl.sock'],
    [
      'on macOS the same under cron as in a terminal',
      { platform: 'darwin', tmpdir: '/var/t/', home: '/Users/u/' },
      '/Users/u/Library/Application Support/bunctl/bunctl.sock',
    ],
    [
      'for a user without a home too',
      { platform: 'darwin', tmpdir: '/var/t' },
      '/var/t/bunctl-1000/bunctl.sock',
    ],
    [
      'on Windows a place in the user’s profile',
      { platform: 'win32', uid: undefined, env: { LOCALAPPDATA: 'C:/L/' } },
      'C:\\L\\bunctl\\bunctl.sock',
    ],
    [
      'which is found without its variable',
      { platform: 'win32', uid: undefined, env: { USERPROFILE: 'C:\\U' } },
      'C:\\U\\AppData\\Local\\bunctl\\bunctl.sock',
    ],
    [
      'or what is named, as the original names it',
      { platform: 'win32', env: { BUNCTL_SOCKET: 'work.sock' } },
      '\\\\.\\pipe\\bunctl_work.sock',
    ],
  ])('%s', (_rule, over, expected) => {
    expect(defaultEndpoint(around(over))).toBe(expected);
    expect(candidateEndpoints(around(over))[0]).toBe(expected);
  });

  test('clients try every place where a daemon may be, each once', () => {
    const found = candidateEndpoints(
      around({ env: { XDG_RUNTIME_DIR: '/run/user/1000' }, ownsDirectory: () => true }),
    );
    expect(found).toEqual(['/run/user/1000/bunctl.sock', '/tmp/bunctl-1000/bunctl.sock']);
  });

  test.each(['\\\\.\\pipe\\mine', '//./pipe/mine', '\\\\?\\pipe\\mine', '\\\\.\\PIPE\\mine'])(
    'a pipe’s own name is kept: %s',
    (name) => {
      expect(endpointOf(name, 'win32')).toBe('\\\\.\\pipe\\mine');
    },
  );

  test('a path is itself, and on Windows a pipe that is named by the whole path', () => {
    expect(endpointOf('/a/b', 'linux')).toBe('/a/b');
    const pipes = ['C:\\a\\s', 'C:\\b\\s', 'D:\\a\\s', 'C:\\a\\t', 'C:s'].map((path) =>
      endpointOf(path, 'win32'),
    );
    expect(new Set(pipes).size).toBe(pipes.length);
    for (const pipe of pipes) expect(pipe).toMatch(/^\\\\\.\\pipe\\bunctl_[st]-[\da-f]{16}$/);
    for (const same of ['c:\\A\\S', 'C:/a/s', 'C:\\a\\s\\'])
      expect(endpointOf(same, 'win32').toLowerCase()).toBe(pipes[0]);
    expect(endpointOf('C:\\a\\s', 'win32')).toBe('\\\\.\\pipe\\bunctl_s-a6ce53d5642bed86');
  });

  test('the original’s name of a path is known', () => {
    expect(originalPipeOf(endpointOf('C:\\a\\work.sock', 'win32'))).toBe('\\\\.\\pipe\\bunctl_work.sock');
    expect(originalPipeOf(endpointOf('work.sock', 'win32'))).toBeUndefined();
    expect(originalPipeOf('\\\\.\\pipe\\mine')).toBeUndefined();
  });

  test.each([
    ['', 'ENDPOINT_UNUSABLE'],
    ['\\\\.\\pipe\\', 'ENDPOINT_UNUSABLE'],
    ['\\\\.\\pipe\\a\\b', 'ENDPOINT_UNUSABLE'],
    [`\\\\.\\pipe\\${'x'.repeat(248)}`, 'ENDPOINT_TOO_LONG'],
  ])('on Windows %j is refused', (path, code) => {
    expect(() => checkEndpoint(endpointOf(path, 'win32'), 'win32')).toThrow(
      expect.objectContaining({ code }) as Error,
    );
    expect(() => checkEndpoint(`\\\\.\\pipe\\${'x'.repeat(247)}`, 'win32')).not.toThrow();
  });

  test.each([
    ['linux', 107],
    ['darwin', 103],
    ['freebsd', 103],
  ])('on %s a path of %i bytes fits; a longer one is refused, not truncated', (platform, limit) => {
    expect(() => checkEndpoint(`/${'x'.repeat(limit - 1)}`, platform)).not.toThrow();
    expect(() => checkEndpoint(`/${'x'.repeat(limit)}`, platform)).toThrow(
      expect.objectContaining({ code: 'ENDPOINT_TOO_LONG' }),
    );
    expect(() => checkEndpoint(`/${'é'.repeat(limit / 2 + 1)}`, platform)).toThrow(/bytes/);
    expect(() => checkEndpoint('/a\0b', platform)).toThrow(
      expect.objectContaining({ code: 'ENDPOINT_UNUSABLE' }),
    );
    expect(() => checkEndpoint('', platform)).toThrow(expect.objectContaining({ code: 'ENDPOINT_UNUSABLE' }));
  });
});
