// `doctor` finds what is wrong before the user does, and exits with 1.
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, rmSync, utimesSync, writeFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { spawn, spawnSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { folderProblems, machineProblems } from '#dist/cli/daemon/machine-checks.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { CLI, Manager, sharedManager, startProgram, statusOf } from '../../support/manager.js';
import {
  filesHaveModes,
  hasNamespaces,
  hasProc,
  hasShell,
  linksToDirectories,
  placeFollowsTmpdir,
  signalsAreMessages,
} from '../../support/platform.js';
import { exits, LASTS } from '../../support/programs.js';
import { until } from '../../support/until.js';

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

test.skipIf(!linksToDirectories)('a link to nothing in the place of a folder is named', () => {
  const link = join(temporaryDirectory(), 'link');
  symlinkSync('/nowhere/at/all', link);
  expect(problems(join(link, 'default'))).toContain(`${link} is a symbolic link to something that does not`);
});

test.runIf(hasProc)('a place where nothing can be written is named', () => {
  expect(problems('/proc/bunctl')).toMatch(/The state cannot be kept in \/proc\/bunctl|The disk of \/proc/);
});

test.runIf(filesHaveModes && !root)('a folder that cannot be written to is named', () => {
  const state = stateFolder();
  chmodSync(join(state, 'apps'), 0o500);
  expect(problems(state)).toContain('cannot be written to');
  chmodSync(join(state, 'apps'), 0o700);
});

test.skipIf(!filesHaveModes)('a folder that others can write to is named', () => {
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

test.runIf(hasNamespaces && root)('a full disk is named', () => {
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

test.runIf(hasNamespaces && root)(
  'a missing prlimit is named if apps would get another limit of open files without it',
  ({ skip }) => {
    const manager = new Manager();
    const doctor = (limit: number | string, hide: string) => {
      // The shell stays the parent: Node raises its own limit.
      const script = `${hide} && ulimit -S -n ${limit} && "$@"; exit $?`;
      const command = ['-m', 'sh', '-c', script, 'sh', process.execPath, CLI, 'doctor'];
      return spawnSync('unshare', command, { encoding: 'utf8', env: manager.env });
    };
    const hidden = 'mount --bind /dev/null "$(command -v prlimit)"';
    const { stdout, stderr } = doctor(1000, hidden);
    skip(/unshare|mount/.test(stderr), stderr);
    expect(stdout).toContain('prlimit is not installed, so apps get a limit of');
    expect(stdout).toContain('open files instead of 1000');
    expect(doctor(1000, 'true').stdout).not.toContain('prlimit');
    // The limit that Node takes is the one that was given.
    expect(doctor('"$(ulimit -H -n)"', hidden).stdout).not.toContain('prlimit');
  },
);

test.runIf(hasNamespaces && root)('ended processes that process 1 does not reap are told of', ({ skip }) => {
  const manager = new Manager();
  // As in a container whose process 1 is a program of Node: it gets an orphan, and waits for its own children only.
  const script = `const { spawnSync } = require('child_process');
      spawnSync('sh', ['-c', 'for n in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0 & done']);
      spawnSync(process.execPath, ${JSON.stringify([CLI, 'doctor'])}, { stdio: 'inherit' });`;
  const command = ['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, '-e', script];
  const { stdout, stderr } = spawnSync('unshare', command, { encoding: 'utf8', env: manager.env });
  skip(/unshare/.test(stderr), stderr);
  expect(stdout).toMatch(/Process 1 has \d+ ended children, which does not reap orphans/);
});

test.skipIf(!hasShell)('a current folder that was removed is a sentence', async () => {
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

test.runIf(root && hasProc)(
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

/** One daemon for the tests that only use it. */
const shared = sharedManager();

test('doctor reports a record that was put aside', async () => {
  const manager = shared;
  const aside = join(manager.state, 'apps', 'b.json.bad');
  writeFileSync(aside, '{');
  onTestFinished(() => {
    rmSync(aside);
  });
  expect(await manager.run('doctor')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('b.json.bad is not a record of an app') as string,
  });
});

test('doctor finds a daemon', async () => {
  const manager = shared;
  const { stdout, code } = await manager.run('doctor');
  expect(code).toBe(0);
  expect(stdout).toContain('answers, pid');
  expect(stdout).toContain(manager.state);
});

test.runIf(signalsAreMessages)('doctor finds a daemon that is stopped and does not answer', async () => {
  const manager = shared;
  const pid = await manager.pid();
  process.kill(pid, 'SIGSTOP');
  onTestFinished(() => void process.kill(pid, 'SIGCONT'));
  const stopped = await manager.run('doctor');
  process.kill(pid, 'SIGCONT');
  expect(stopped.code).toBe(1);
  expect(stopped.stdout).toContain('does not answer');
});

test('doctor names an app that bunctl has given up', async () => {
  const manager = shared;
  const client = await manager.daemon();
  const backoff = { base_delay_ms: 1, max_delay_ms: 1, multiplier: 1, jitter: 0, max_attempts: 0 };
  await client.request(startProgram('loop', exits(1), { backoff }));
  await until(async () => (await statusOf(client, 'loop')).backoff_exhausted, 'it is given up');
  const givenUp = await manager.run('doctor');
  expect(givenUp).toMatchObject({ code: 1 });
  expect(givenUp.stdout).toContain('Given up after too many restarts: loop.');
  await manager.ok('delete', 'loop', '-f');
  expect(await manager.run('doctor')).toMatchObject({ code: 0 });
});

test.runIf(filesHaveModes)('doctor names a socket that is open to others', async () => {
  const manager = shared;
  chmodSync(manager.socket, 0o666);
  const open = await manager.run('doctor');
  expect(open).toMatchObject({ code: 1 });
  expect(open.stdout).toContain('is open to others (mode 666)');
  chmodSync(manager.socket, 0o600);
  expect(await manager.run('doctor')).toMatchObject({ code: 0 });
});

test.runIf(placeFollowsTmpdir)(
  'a second daemon of a user needs its own path, and doctor reports both',
  async () => {
    const places = temporaryDirectory();
    const manager = new Manager({
      BUNCTL_SOCKET: join(places, `bunctl-${process.getuid?.() ?? 0}`, 'bunctl.sock'),
    });
    await manager.ok('start', 'a', '--', ...LASTS);
    // By the default rule the second daemon would be at another path.
    const elsewhere = {
      ...manager.env,
      BUNCTL_SOCKET: '',
      TMPDIR: places,
      XDG_RUNTIME_DIR: join(places, 'run'),
    };
    const run = (...args: string[]) => {
      const child = spawn(process.execPath, [CLI, ...args], {
        env: elsewhere,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      let text = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (part: string) => (text += part));
      return { child, text: () => text, ended: once(child, 'close') as Promise<[number]> };
    };
    const refused = run('daemon');
    await until(() => refused.text().includes('\n'), 'it says why not');
    expect(refused.text()).toContain('A daemon of yours runs on');
    expect(await refused.ended).toEqual([1, null]);
    const second = run('daemon', '-s', join(places, 'run', 'bunctl.sock'));
    await until(() => second.text().includes('listens on'), 'it listens');
    const doctor = run('doctor');
    expect(await doctor.ended).toEqual([1, null]);
    expect(doctor.text()).toContain('Several of your daemons are running');
    second.child.kill('SIGINT');
    expect(await second.ended).toEqual([0, null]);
  },
);

test('list, doctor and the next command say that a daemon died again and again and was not started again', async () => {
  const manager = new Manager();
  await manager.daemon();
  const sentence = 'The daemon died 6 times within a minute, and was not started again';
  await manager.killDaemon();
  writeFileSync(join(manager.state, 'given-up'), `${sentence}\n`, { mode: 0o600 });
  expect((await manager.run('list')).stderr).toContain(sentence);
  expect(await manager.run('doctor')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(sentence) as string,
  });
  expect((await manager.run('start', 'a', '--', ...LASTS)).stderr).toContain(sentence);
  // There is a daemon again.
  expect((await manager.run('list')).stderr).toBe('');
});
