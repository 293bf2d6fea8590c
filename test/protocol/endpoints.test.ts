// Where the socket or pipe is on each platform, and errors that survive a second copy of the package.
import {
  candidateEndpoints,
  checkEndpoint,
  defaultEndpoint,
  endpointOf,
  type Surroundings,
} from 'bunctl-ipc/protocol';
import { namedEndpoints } from '#dist/protocol/endpoints.js';
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
    ['is a pipe on Windows', { platform: 'win32', uid: undefined }, ['\\\\.\\pipe\\bunctl-ipc_shop']],
  ])('%s', (_rule, over, expected) => {
    expect(namedEndpoints('shop', around(over))).toEqual(expected);
    const bunctls = candidateEndpoints(around({ ...over, env: {} }));
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
    [
      'then a directory of our own',
      { platform: 'darwin', tmpdir: '/var/t/' },
      '/var/t/bunctl-1000/bunctl.sock',
    ],
    ['on Windows a pipe', { platform: 'win32', uid: undefined }, '\\\\.\\pipe\\bunctl_default'],
    [
      'named by the last component',
      { platform: 'win32', env: { BUNCTL_SOCKET: 'C:\\a\\work.sock' } },
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

  test('a pipe’s own name is kept', () => {
    expect(endpointOf('\\\\.\\pipe\\mine', 'win32')).toBe('\\\\.\\pipe\\mine');
    expect(endpointOf('/a/b', 'linux')).toBe('/a/b');
    expect(endpointOf('/a/b/', 'win32')).toBe('\\\\.\\pipe\\bunctl_b');
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
