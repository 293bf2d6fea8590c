// The daemon's process: what it says when it starts, and that it ends when it is told to.
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync, spawnSync } from 'node:child_process';
import { IpcClient } from 'bunctl-ipc/client';
import { expect, onTestFinished, test } from 'vitest';
import { endpointAt } from '#dist/endpoint/default-path.js';
import { stateFiles } from '#dist/supervisor/state/paths.js';
import { Manager, startProgram, type Status } from '../../support/manager.js';
import { until } from '../../support/until.js';
import { foreground } from '../../support/foreground.js';
import { RawClient } from '../../support/raw-client.js';
import { hasFifos, hasNamespaces, linksToDirectories, signalsAreMessages } from '../../support/platform.js';
import { ENDS, LASTS } from '../../support/programs.js';

test.skipIf(!hasFifos)(
  'a daemon with a thread in a system call that never returns ends all the same',
  async () => {
    const manager = new Manager();
    const daemon = manager.spawn(['daemon']);
    onTestFinished(() => void daemon.kill('SIGKILL'));
    let [said, complained] = ['', ''];
    daemon.stdout?.setEncoding('utf8').on('data', (part: string) => (said += part));
    daemon.stderr?.setEncoding('utf8').on('data', (part: string) => (complained += part));
    await until(() => said.includes('\n'), 'it listens');
    const client = await manager.connect();
    await client.request(startProgram('a', ENDS, { restart_policy: 'no' }));
    await client.close();
    await until(async () => (await manager.status('a')).state !== 'Running', 'the app has ended');
    // A pipe that nobody writes to cannot be opened for reading.
    const log = stateFiles(manager.state).log('a');
    rmSync(log, { force: true });
    execFileSync('mkfifo', [log]);
    const reading = await RawClient.connect(manager.endpoint);
    reading.send({ Logs: { name: 'a', lines: 10 } });
    // What came before another one's answer was received: it is run, though it may not have begun.
    const other = await IpcClient.connect(manager.socket);
    await other.request('List');
    await other.close();
    daemon.kill('SIGTERM');
    expect(await once(daemon, 'close')).toEqual([null, 'SIGKILL']);
    expect(complained).toContain('system call');
  },
);

const namespaces =
  hasNamespaces && spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0;

test('a daemon that is process 1 of a container says that it reaps no orphans; commands outside reach it', async ({
  skip,
}) => {
  skip(!namespaces, 'unshare cannot make a namespace of process ids here');
  const manager = new Manager();
  const daemon = foreground(manager, [], {}, 'unshare', '--pid', '--fork', '--kill-child', '--mount-proc');
  await until(() => daemon.stdout().includes('listens'), 'it listens');
  await until(() => daemon.stderr().includes('docker run --init'), 'it says what to do');
  expect(daemon.stderr()).toContain('is process 1 of a container, which does not reap orphans');
  const doctor = await manager.run('doctor');
  expect(doctor.code).toBe(1);
  expect(doctor.stdout).toContain(`The daemon on ${manager.socket} is process 1 of its container`);
  await manager.ok('shutdown');
  expect(await daemon.ended).toBe(0);
});

test.skipIf(!linksToDirectories)(
  'a file of a folder that is a symbolic link is read, and its apps run, where the link points at that time',
  async () => {
    const manager = new Manager();
    for (const release of ['one', 'two']) {
      const folder = join(manager.home, release);
      mkdirSync(folder);
      const app = { name: 'a', command: 'sh', args: ['-c', 'pwd -P; sleep 1000'], auto_start: true };
      writeFileSync(join(folder, 'bunctl.json'), JSON.stringify({ apps: [app] }));
    }
    const current = join(manager.home, 'current');
    symlinkSync('one', current);
    const shell = ['sh', '-c', `cd ${current} && exec "$@"`, 'sh'];
    const daemon = foreground(manager, ['-c', 'bunctl.json'], {}, ...shell);
    await until(() => daemon.stdout().includes('Started app a'), 'it is started');
    expect(await manager.status('a')).toMatchObject({ cwd: current, source: join(current, 'bunctl.json') });
    const printed = (): string[] => manager.printed('a').split('\n');
    await until(() => printed().includes(join(manager.home, 'one')), 'it runs in the first release');
    rmSync(current);
    symlinkSync('two', current);
    await manager.ok('restart', 'a');
    await until(() => printed().includes(join(manager.home, 'two')), 'it runs in the second release');
  },
);

test('a daemon in the foreground says where it listens, refuses a second one, and ends by Ctrl-C', async () => {
  const manager = new Manager();
  const { child, stdout, stderr, ended } = foreground(manager);
  await until(() => stdout().includes('\n'), 'it listens');
  expect(stdout()).toContain(`bunctl listens on ${endpointAt(manager.socket)}`);
  // It is not process 1 of a container, so it says nothing of orphans.
  expect(stderr()).toBe('');
  const second = await manager.run('daemon');
  expect(second.code).toBe(1);
  expect(second.stderr).toContain('runs on');
  // The end of its terminal does not end it.
  if (signalsAreMessages) child.kill('SIGHUP');
  expect(await manager.pid()).toBe(child.pid);
  await manager.ok('start', 'a', '--', ...LASTS);
  if (signalsAreMessages) child.kill('SIGINT');
  else await manager.ok('shutdown');
  expect(await ended).toBe(0);
});

test('a daemon with a file starts the apps of the file that have auto_start, even if some of them fail', async () => {
  const manager = new Manager();
  const file = join(manager.home, 'apps.json');
  const lasts = { command: LASTS[0], args: LASTS.slice(1) };
  const apps = [
    { name: 'bad', command: 'no-such', auto_start: true },
    { name: 'not', ...lasts },
    { name: 'up', ...lasts, auto_start: true },
  ];
  writeFileSync(file, JSON.stringify({ apps }));
  const child = manager.spawn(['daemon', '-s', manager.socket, '-c', file]);
  const ended = once(child, 'close');
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part));
  await until(() => text.includes('Started app up'), 'it has started');
  const all = JSON.parse(await manager.ok('list', '-j')) as Status[];
  expect(all.map(({ name, state }) => `${name} ${state}`)).toEqual(['up Running']);
  expect(readFileSync(join(manager.state, 'daemon.log'), 'utf8')).toContain('no-such: No such file');
  if (signalsAreMessages) child.kill('SIGTERM');
  else await manager.ok('shutdown');
  expect(await ended).toEqual([0, null]);
});

test('a daemon with an ecosystem file says what has no effect, and does not start an app whose script is missing', async () => {
  const manager = new Manager();
  const file = join(manager.home, 'ecosystem.config.json');
  writeFileSync(join(manager.home, 'lasts.js'), 'setInterval(() => undefined, 1000);\n');
  const apps = [
    { name: 'gone', script: 'nosuch.js' },
    { name: 'multi', script: 'lasts.js', instances: 4, watch: true, exec_mode: 'cluster' },
  ];
  writeFileSync(file, JSON.stringify({ apps }));
  const daemon = foreground(manager, ['-c', file]);
  await until(() => daemon.stdout().includes('Started app multi'), 'it has started the other app');
  expect(daemon.stderr()).toContain(`${file}: one instance of multi is started`);
  expect(daemon.stderr()).toContain(`${file}: multi is started as a plain process`);
  expect(daemon.stderr()).toContain(`${file}: watch of multi has no effect`);
  await until(() => daemon.stderr().includes('App gone is not as'), 'it tells of the other');
  expect(daemon.stderr()).toContain(
    `there is no file ${join(manager.home, 'nosuch.js')}, the script of gone`,
  );
  const all = JSON.parse(await manager.ok('list', '-j')) as Status[];
  expect(all.map(({ name, state }) => `${name} ${state}`)).toEqual(['multi Running']);
  await manager.ok('shutdown');
  expect(await daemon.ended).toBe(0);
});

test.each([[['-s', 'other']], [['-sother']], [['-qsother']], [['--socket', 'other']]])(
  'a daemon listens on the socket that is named by %j',
  async (options) => {
    const manager = new Manager();
    const daemon = foreground(manager, options);
    await until(() => daemon.stdout().includes('\n') || daemon.stderr() !== '', 'it says something');
    expect(daemon.stdout()).toContain(`bunctl listens on ${endpointAt(join(manager.home, 'other'))};`);
    daemon.child.kill('SIGTERM');
    await daemon.ended;
  },
);
