// What a command finds on disk when no daemon runs.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { leftBehind, leftElsewhere, listeningPath, recorded } from '#dist/supervisor/state/left-behind.js';
import { stateDirectory, stateFiles } from '#dist/supervisor/state/paths.js';
import { bootId, here } from '#dist/supervisor/system/place.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { tellsBoots } from '../../support/platform.js';

const SOCKET = '/nowhere/socket';
let files: ReturnType<typeof stateFiles>;

beforeEach(() => {
  vi.stubEnv('BUNCTL_STATE_DIR', join(temporaryDirectory(), 'state'));
  files = stateFiles(stateDirectory(SOCKET));
});

function write(id: string, process: object | null): void {
  mkdirSync(files.apps, { recursive: true, mode: 0o700 });
  const record = { version: 1, id, config: { name: id, command: 'x' }, state: {}, nonce: 'n', process };
  writeFileSync(files.app(id), JSON.stringify(record));
}

test.skipIf(!tellsBoots)(
  'an app was left behind when its process was started in this boot and its end was not written down',
  async () => {
    write('runs', { pid: 1, startTime: '1', bootId: bootId() });
    write('of-an-earlier-boot', { pid: 1, startTime: '1', bootId: 'another' });
    write('ended', null);
    expect(await leftBehind(SOCKET)).toEqual(['runs']);
    expect((await recorded(SOCKET)).sort()).toEqual(['ended', 'of-an-earlier-boot', 'runs']);
  },
);

test.skipIf(!tellsBoots)(
  'an app of another machine or container was not left behind here, but may run there',
  async () => {
    write('here', { pid: 1, startTime: '1', ...here() });
    write('on-a-machine', {
      pid: 1,
      startTime: '1',
      ...here(),
      bootId: 'another',
      machine: 'another',
      host: 'm',
    });
    write('in-a-container', { pid: 1, startTime: '1', ...here(), pidNamespace: 'another', host: 'c' });
    expect(await leftBehind(SOCKET)).toEqual(['here']);
    const { ids, hosts } = await leftElsewhere(SOCKET);
    expect([ids.sort(), hosts.sort()]).toEqual([
      ['in-a-container', 'on-a-machine'],
      ['c', 'm'],
    ]);
  },
);

test('nothing was left behind where there is no state', async () => {
  expect(await leftBehind(SOCKET)).toEqual([]);
  expect(await recorded(SOCKET)).toEqual([]);
  expect(await listeningPath(SOCKET)).toBeUndefined();
});

test('the socket that a daemon wrote down is found', async () => {
  mkdirSync(files.apps, { recursive: true, mode: 0o700 });
  writeFileSync(files.socket, '/run/s\n');
  expect(await listeningPath(SOCKET)).toBe('/run/s');
});
