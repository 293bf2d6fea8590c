// `doctor` finds what is wrong before the user does, and exits with 1.
import { chmodSync, chownSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { folderProblems, machineProblems } from '#dist/cli/daemon/machine-checks.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { CLI, Manager } from '../../support/manager.js';

const root = process.getuid?.() === 0;

/** A state directory as a daemon makes it. */
function stateFolder(): string {
  const state = join(temporaryDirectory(), 'state');
  for (const folder of [state, join(state, 'apps'), join(state, 'logs')]) mkdirSync(folder, { mode: 0o700 });
  return state;
}
const problems = (state: string): string =>
  folderProblems(state, join(temporaryDirectory(), 'bunctl.sock')).join('\n');

test('a machine and folders that are as they should be have no problems', () => {
  expect(machineProblems()).toEqual([]);
  expect(problems(stateFolder())).toBe('');
  // A folder that can be made need not be there.
  expect(problems(join(temporaryDirectory(), 'not', 'yet'))).toBe('');
});

test('a file where a folder should be is named', () => {
  const state = stateFolder();
  rmSync(join(state, 'logs'), { recursive: true });
  writeFileSync(join(state, 'logs'), '');
  expect(problems(state)).toContain(`${join(state, 'logs')} is not a folder`);
  expect(problems(join(state, 'logs', 'deeper'))).toContain(`${join(state, 'logs')} is not a folder`);
});

test.runIf(process.platform === 'linux')('a place where nothing can be written is named', () => {
  expect(problems('/proc/bunctl')).toMatch(/The state cannot be kept in \/proc\/bunctl|The disk of \/proc/);
});

test.skipIf(root || process.platform === 'win32')('a folder that cannot be written to is named', () => {
  const state = stateFolder();
  chmodSync(join(state, 'apps'), 0o500);
  expect(problems(state)).toContain('cannot be written to');
  chmodSync(join(state, 'apps'), 0o700);
});

test.skipIf(process.platform === 'win32')('a folder that others can write to is named', () => {
  const state = stateFolder();
  chmodSync(state, 0o777);
  expect(problems(state)).toContain(`others can write to it (mode 777): chmod 700 ${state}`);
});

test.runIf(root)('a folder of another user is named', () => {
  const state = stateFolder();
  chownSync(join(state, 'logs'), 12345, 12345);
  expect(problems(state)).toContain('it belongs to user 12345, not to you');
  // A folder is not made in another user's folder either, as with sudo and its caller's HOME.
  const home = temporaryDirectory();
  chownSync(home, 12345, 12345);
  chmodSync(home, 0o755);
  expect(problems(join(home, 'state'))).toContain(`${home} belongs to user 12345, not to you`);
});

test('a log from the future makes the clock doubtful', () => {
  const state = stateFolder();
  const log = join(state, 'daemon.log');
  writeFileSync(log, '');
  const later = Date.now() / 1000 + 48 * 3600;
  utimesSync(log, later, later);
  expect(problems(state)).toMatch(/was written 4[78] hours in the future: check the clock/);
});

test.runIf(process.platform === 'linux' && root)('a full disk is named', () => {
  const disk = temporaryDirectory();
  const script = `mount -t tmpfs -o size=16k tmpfs "${disk}" && exec "$@"`;
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    ['-m', 'sh', '-c', script, 'sh', process.execPath, CLI, 'doctor'],
    { encoding: 'utf8', env: { ...process.env, BUNCTL_STATE_DIR: disk, BUNCTL_SOCKET: join(disk, 's') } },
  );
  if (/unshare failed|permission denied|Operation not permitted/i.test(stderr)) return;
  expect(status).toBe(1);
  expect(stdout).toContain(`The disk of ${disk} is full`);
});

test.skipIf(process.platform === 'win32')('a current folder that was removed is a sentence', async () => {
  const manager = new Manager();
  const run = (command: string) =>
    spawnSync(
      'sh',
      ['-c', `mkdir gone && cd gone && rmdir ../gone && "${process.execPath}" "${CLI}" ${command}`],
      {
        cwd: manager.home,
        env: manager.env,
        encoding: 'utf8',
      },
    );
  const doctor = run('doctor');
  expect(doctor.status).toBe(1);
  expect(doctor.stdout).toContain('The current folder no longer exists');
  expect(run('list -j')).toMatchObject({ status: 0, stdout: '[]\n' });
  const start = run('start a -- sleep 1000');
  expect(start.status).toBe(1);
  expect(start.stderr).toContain('Error: The current folder no longer exists; cd to another one\n');
});

test.runIf(root && process.platform === 'linux')(
  'a user without an entry in passwd and without HOME gets a sentence, or works when told where',
  () => {
    const home = temporaryDirectory();
    chmodSync(home, 0o777);
    const run = (env: NodeJS.ProcessEnv, ...args: string[]) =>
      spawnSync(process.execPath, [CLI, ...args], {
        uid: 54321,
        gid: 54321,
        cwd: '/',
        env: { PATH: process.env['PATH'], TMPDIR: home, ...env },
        encoding: 'utf8',
      });
    const { status, stdout } = run({}, 'doctor');
    // A checkout that other users cannot read cannot be run by them.
    if (stdout === '') return;
    expect(status).toBe(1);
    expect(stdout).toContain('User 54321 has no entry in /etc/passwd, and HOME is not set');
    expect(stdout).not.toMatch(/uv_os|ENOENT/);
    const told = { BUNCTL_STATE_DIR: join(home, 'state'), BUNCTL_SOCKET: join(home, 's') };
    expect(run(told, 'list', '-j')).toMatchObject({ status: 0, stdout: '[]\n' });
    const start = run({}, 'start', 'a', '--', 'true');
    expect(start.status).not.toBe(0);
    expect(start.stderr).not.toMatch(/uv_os_homedir|\n +at /);
  },
);
