// What bunctl does on every system that it runs on, with apps that are programs of Node: no shell, no signal, no /proc.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { alive, Manager, type Status } from '../../support/manager.js';
import { until } from '../../support/until.js';

/** How long, in ms, a system may take that is emulated on a busy machine. */
const PATIENCE = 120_000;

/** Says where it is asked to end, and does; also when its file says so, which nothing can prevent. */
const POLITE = `
const { existsSync } = require('node:fs');
const end = (how) => { console.log('asked by ' + how); process.exit(0); };
process.on('message', (message) => message === 'shutdown' && end('message'));
process.on('SIGTERM', () => end('signal'));
setInterval(() => existsSync(process.argv[2]) && process.exit(0), 50);
console.log('runs');
`;
/** Ends for nothing but its file, and has a child that does the same. */
const STUBBORN = `
const { existsSync } = require('node:fs');
process.on('message', () => undefined);
process.on('SIGTERM', () => undefined);
setInterval(() => existsSync(process.argv[2]) && process.exit(0), 50);
if (process.argv[3] === undefined) {
  const child = require('node:child_process').spawn(process.execPath, [__filename, process.argv[2], 'child'], { stdio: 'ignore' });
  console.log('child ' + child.pid);
}
`;
const GROWS = `
const held = [];
setInterval(() => held.push(Buffer.alloc(30 * 1024 * 1024, 1)), 50);
`;
const PRINTS = `
console.log('x'.repeat(2000));
process.on('message', (message) => message === 'shutdown' && process.exit(0));
process.on('SIGTERM', () => process.exit(0));
setInterval(() => undefined, 1000);
`;

/** Nothing for a log that was put aside or removed since it was listed. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return '';
  }
}

/** A manager, and a file whose being there ends what the tests have started, whatever became of the daemon. */
function begin(env: NodeJS.ProcessEnv = {}) {
  const manager = new Manager(env);
  const end = join(manager.home, 'end');
  onTestFinished(() => writeFileSync(end, ''));
  const program = (name: string, text: string): string => {
    const folder = join(manager.home, 'programs');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${name}.cjs`);
    writeFileSync(file, text);
    return file;
  };
  const printed = async (name: string, text: string): Promise<string> => {
    const logs = join(manager.state, 'logs');
    const has = (file: string): boolean =>
      file.startsWith(`${name}.`) && textOf(join(logs, file)).includes(text);
    await until(() => readdirSync(logs).some(has), `${name} has printed`, PATIENCE);
    return manager.ok('logs', name);
  };
  return { manager, end, program, printed };
}

test('an app is started, shown, restarted, asked to end and deleted', async () => {
  const { manager, end, program, printed } = begin();
  await manager.ok('start', 'web', '--', 'node', program('polite', POLITE), end);
  await printed('web', 'runs');
  const first = await manager.status('web');
  expect(first).toMatchObject({ state: 'Running', restarts: 0 });
  expect(alive(first.pid)).toBe(true);
  await manager.ok('restart', 'web');
  const second = await manager.status('web');
  expect(second.pid).not.toBe(first.pid);
  expect(alive(first.pid)).toBe(false);
  await manager.ok('stop', 'web');
  expect(await printed('web', 'asked by')).toMatch(/runs\s+asked by (message|signal)\s+runs/);
  expect(await manager.status('web')).toMatchObject({ state: 'Stopped', pid: null, last_exit_code: 0 });
  await manager.ok('delete', 'web', '--force');
  expect(JSON.parse(await manager.ok('list', '-j'))).toEqual([]);
});

test('an app that does not end when it is asked to is ended after its timeout, and its child with it', async () => {
  const { manager, end, program, printed } = begin();
  await manager.ok('start', 'deaf', '--stop-timeout', '1s', '--', 'node', program('stubborn', STUBBORN), end);
  const child = Number(/child (\d+)/.exec(await printed('deaf', 'child'))?.[1]);
  const { pid } = await manager.status('deaf');
  expect([alive(pid), alive(child)]).toEqual([true, true]);
  await manager.ok('stop', 'deaf');
  await until(() => !alive(pid) && !alive(child), 'both have ended', PATIENCE);
});

test('an app outlives a daemon that is killed, and the next daemon adopts it', async () => {
  const { manager, end, program, printed } = begin();
  await manager.ok('start', 'web', '--', 'node', program('polite', POLITE), end);
  await printed('web', 'runs');
  const { pid } = await manager.status('web');
  await manager.killDaemon();
  expect(alive(pid)).toBe(true);
  const [found] = JSON.parse(await manager.ok('list', '-j')) as Status[];
  expect(found).toMatchObject({ name: 'web', state: 'Running', pid, restarts: 0 });
  writeFileSync(end, '');
  await until(async () => (await manager.status('web')).pid !== pid, 'its end is noticed', PATIENCE);
});

test('a daemon that is killed is started again, adopts its apps, and stays away after a shutdown', async () => {
  const { manager, end, program, printed } = begin({ BUNCTL_RESPAWN: '' });
  await manager.ok('start', 'web', '--restart', 'no', '--', 'node', program('polite', POLITE), end);
  await printed('web', 'runs');
  const { pid } = await manager.status('web');
  const first = await manager.pid();
  await manager.killDaemon();
  const next = async (): Promise<number | undefined> => {
    const { code, stdout } = await manager.run('ping');
    return code === 0 ? Number(/pid (\d+)/.exec(stdout)?.[1]) : undefined;
  };
  await until(async () => ((await next()) ?? first) !== first, 'another daemon is there', PATIENCE);
  expect(await manager.status('web')).toMatchObject({ state: 'Running', pid });
  writeFileSync(end, '');
  await until(async () => (await manager.status('web')).state === 'Stopped', 'the app has ended', PATIENCE);
  const second = await manager.pid();
  await manager.ok('shutdown');
  await until(() => !alive(second), 'the daemon has ended', PATIENCE);
  expect((await manager.run('ping')).code).toBe(6);
  expect(existsSync(join(manager.state, 'given-up'))).toBe(false);
});

test('an app that holds more memory than it may is restarted, and status says why', async () => {
  const { manager, program } = begin();
  await manager.ok('start', 'big', '--max-memory', '200M', '--', 'node', program('grows', GROWS));
  await until(async () => (await manager.status('big')).restarts > 0, 'it is restarted', PATIENCE);
  expect(await manager.status('big')).toMatchObject({ last_exit_reason: 'max_memory' });
});

test('the log of an app that is full is put aside, and the newest ones are kept', async () => {
  const { manager, program } = begin();
  const config = {
    name: 'talks',
    command: 'node',
    args: [program('prints', PRINTS)],
    log_max_size: 1000,
    log_max_files: 2,
    log_compress: false,
  };
  writeFileSync(join(manager.home, 'bunctl.json'), JSON.stringify({ apps: [config] }));
  await manager.ok('start', 'bunctl.json');
  const logs = join(manager.state, 'logs');
  const asides = (): string[] => readdirSync(logs).filter((name) => /\.log\.\d{8}T/.test(name));
  const whole = (): string =>
    readdirSync(logs)
      .map((name) => textOf(join(logs, name)))
      .join('');
  const runs = (): number => whole().split('x'.repeat(2000)).length - 1;
  for (let run = 1; run <= 4; run += 1) {
    await until(() => runs() >= Math.min(run, 3), `run ${run} has printed`, PATIENCE);
    await manager.ok('restart', 'talks');
  }
  await until(() => asides().length === 2, 'two files that were put aside are there', PATIENCE);
});
