// The place of the state directory.
import { resolve } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { absoluteVariables, stateDirectory } from '#dist/supervisor/state/paths.js';
import { pathsHaveSlashes } from '../../support/platform.js';

test.skipIf(!pathsHaveSlashes)(
  'the state directory is one per named socket, and one for all places of the rule',
  () => {
    const at = (socket: string, env: Record<string, string>) =>
      stateDirectory(socket, {
        env,
        home: () => '/home/u',
        places: ['/run/user/7/b.sock', '/tmp/bunctl-7/b.sock'],
      });
    for (const place of ['/run/user/7/b.sock', '/tmp/bunctl-7/b.sock'])
      expect(at(place, {})).toBe('/home/u/.local/state/bunctl/default');
    expect(at('/s', {})).toMatch(/^\/home\/u\/\.local\/state\/bunctl\/[\da-f]{16}$/);
    expect(at('/s', { XDG_STATE_HOME: '/x' })).toMatch(/^\/x\/bunctl\/[\da-f]{16}$/);
    expect(at('/s', { XDG_STATE_HOME: 'relative' })).toMatch(/^\/home\/u\/\.local/);
    expect(at('/s', { BUNCTL_STATE_DIR: '/b', XDG_STATE_HOME: '/x' })).toMatch(/^\/b\/[\da-f]{16}$/);
    expect(at('/s', {})).not.toBe(at('/t', {}));
  },
);

test.skipIf(!pathsHaveSlashes)('a user without a home needs none when it is said where the state is', () => {
  const home = (): string => {
    throw new Error('no entry in passwd');
  };
  const at = (env: Record<string, string>) => stateDirectory('/s', { env, home, places: ['/s'] });
  expect(at({ BUNCTL_STATE_DIR: '/b' })).toBe('/b/default');
  expect(at({ XDG_STATE_HOME: '/x' })).toBe('/x/bunctl/default');
  expect(() => at({})).toThrow('no entry in passwd');
});

test('on Windows the state is in the local data of the user', () => {
  const at = (env: Record<string, string>) =>
    stateDirectory('p', { env, home: () => 'C:\\Users\\u', places: ['p'], platform: 'win32' });
  expect(at({ LOCALAPPDATA: 'C:\\Users\\u\\AppData\\Local' })).toContain(
    'C:\\Users\\u\\AppData\\Local\\bunctl',
  );
  expect(at({ BUNCTL_STATE_DIR: '/b' })).toMatch(/b.default$/);
});

test('the variables of places are made absolute for a daemon in another folder, and those that are not given are not', () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv('BUNCTL_SOCKET', './relative/s');
  vi.stubEnv('BUNCTL_STATE_DIR', 'relative/../state');
  expect(absoluteVariables()).toEqual({
    BUNCTL_SOCKET: resolve('relative/s'),
    BUNCTL_STATE_DIR: resolve('state'),
  });
  vi.stubEnv('BUNCTL_SOCKET', undefined);
  vi.stubEnv('BUNCTL_STATE_DIR', undefined);
  expect(absoluteVariables()).toEqual({});
});
