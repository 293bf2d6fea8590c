// Another user of the machine: the kernel refuses the connection, whatever protects the socket's folder.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory, testDaemon } from '../support/daemon.js';
import { RawClient } from '../support/raw-client.js';

const NOBODY = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
const CONNECT = `
  require('node:net').connect(process.argv[1])
    .on('connect', () => { console.log('connected'); process.exit(); })
    .on('error', ({ code }) => console.log(code));`;

/** Runs a script as the user nobody. */
const asNobody = (script: string, ...args: string[]) =>
  spawnSync('setpriv', [...NOBODY, process.execPath, '-e', script, '--', ...args], {
    cwd: '/',
    encoding: 'utf8',
    timeout: 30_000,
  });

/** Why this machine cannot try it; undefined if it can. */
function why(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can become another user';
  const { error, status } = asNobody('0');
  return error || status !== 0 ? 'setpriv of util-linux cannot run node as another user here' : undefined;
}

describe('a user without rights is refused', () => {
  test.for<[string, number]>([
    ['by the mode of the socket, in a folder that everyone may enter', 0o755],
    ['by the mode of the folder, whatever that of the socket', 0o700],
  ])('%s', async ([, mode], { skip }) => {
    const reason = why();
    skip(reason !== undefined, reason);
    const outer = temporaryDirectory();
    chmodSync(outer, 0o755);
    const folder = join(outer, 'folder');
    mkdirSync(folder);
    chmodSync(folder, mode);
    const path = join(folder, 's');
    const { daemon } = await testDaemon({ socketPath: path, workers: { isolation: 'none' } });
    if (mode === 0o700) chmodSync(path, 0o666);
    expect(asNobody(CONNECT, path).stdout).toBe('EACCES\n');
    expect(daemon.stats().connections.accepted).toBe(0);
    // The attempt is a real one: with other modes it succeeds.
    chmodSync(folder, 0o755);
    chmodSync(path, 0o666);
    expect(asNobody(CONNECT, path).stdout).toBe('connected\n');
    const own = await RawClient.connect(path);
    expect(await own.request('List')).toEqual({ Data: { data: ['a', 'b'] } });
  });
});
