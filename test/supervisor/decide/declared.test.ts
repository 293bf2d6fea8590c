// The file of `daemon -c FILE`: what it declares is what runs.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { applyFile } from '#dist/supervisor/decide/declared.js';
import { STOPPED } from '#dist/supervisor/model/app-state.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { configOf, FakeHost, settle } from '../../support/decide.js';

const FILE = '/f.json';
const up = (name: string, more: object = {}) => configOf(name, { auto_start: true, ...more });

const NONE: ReadonlyMap<string, string> = new Map();

async function apply(host: FakeHost, ...apps: ReturnType<typeof up>[]) {
  return applyWith(host, NONE, ...apps);
}

async function applyWith(
  host: FakeHost,
  faults: ReadonlyMap<string, string>,
  ...apps: ReturnType<typeof up>[]
) {
  const applied = applyFile({ file: FILE, apps, faults }, host.apps, host.requests);
  await settle();
  // Whatever was told to end does.
  for (const app of host.apps.all()) if (app.state.status === 'Stopping') await host.ends(app.id);
  return applied;
}

test('starts what has auto_start, and remembers the file', async () => {
  const host = new FakeHost();
  expect(await apply(host, up('a'), configOf('rests'))).toEqual([
    { app: 'a', outcome: 'started' },
    { app: 'rests', outcome: 'not-started' },
  ]);
  expect(host.app('a').decided).toMatchObject({ source: FILE, environment: null });
});

test('restarts what has changed, and leaves the rest alone', async () => {
  const host = new FakeHost();
  await apply(host, up('a'), up('b'));
  host.done.length = 0;
  expect(await apply(host, up('a', { args: ['y'] }), up('b'))).toEqual([
    { app: 'a', outcome: 'changed' },
    { app: 'b', outcome: 'unchanged' },
  ]);
  expect(host.done).toEqual(['SIGTERM a', 'spawn a']);
});

test('stops what it no longer declares, and nothing of another origin', async () => {
  const host = new FakeHost();
  await host.start('by-hand');
  await apply(host, up('a'), up('b'));
  expect(await apply(host, up('b'))).toEqual([
    { app: 'b', outcome: 'unchanged' },
    { app: 'a', outcome: 'stopped' },
  ]);
  expect(host.state('a').status).toBe('Stopped');
  expect(host.state('by-hand').status).toBe('Running');
  // Declared again, it is to run again.
  expect(await apply(host, up('a'), up('b'))).toContainEqual({ app: 'a', outcome: 'started' });
});

test('leaves stopped what a command has stopped, though it takes the changed configuration', async () => {
  const host = new FakeHost();
  await apply(host, up('a'));
  await stop(host, 'a');
  expect(await apply(host, up('a', { args: ['y'] }))).toEqual([{ app: 'a', outcome: 'kept-stopped' }]);
  expect(host.app('a').config.args).toEqual(['y']);
  expect(host.state('a').status).toBe('Stopped');
});

/** A Stop of an app that runs. */
async function stop(host: FakeHost, id: string): Promise<void> {
  const stopped = host.requests.stop({ name: id, id }, false);
  await settle();
  await host.ends(id);
  await stopped;
}

test('knows its apps by the file, however its path is spelled', async () => {
  const folder = temporaryDirectory();
  const [real, link] = [join(folder, 'real'), join(folder, 'link')];
  mkdirSync(real);
  symlinkSync(real, link, 'junction');
  writeFileSync(join(real, 'f.json'), '{}');
  const host = new FakeHost();
  const apps = [up('a'), up('b')];
  await applyFile({ file: join(link, 'f.json'), apps, faults: NONE }, host.apps, host.requests);
  await stop(host, 'a');
  const [a] = apps as [(typeof apps)[0]];
  const file = join(real, 'f.json');
  const applied = applyFile({ file, apps: [a], faults: NONE }, host.apps, host.requests);
  await expect.poll(() => host.done).toContain('SIGTERM b');
  await host.ends('b');
  expect(await applied).toEqual([
    { app: 'a', outcome: 'kept-stopped' },
    { app: 'b', outcome: 'stopped' },
  ]);
  expect(host.app('a').decided.source).toBe(file);
});

test.each([
  ['always', 'started'],
  ['unless-stopped', 'started'],
  ['on-failure', 'not-started'],
  ['no', 'not-started'],
])(
  'of an app without auto_start that a shutdown has stopped, the policy %s decides: it is %s',
  async (policy, outcome) => {
    const host = new FakeHost();
    const config = configOf('a', { restart_policy: policy });
    const state = { ...STOPPED, wanted: 'running' } as const;
    host.apps.add('a', { config, environment: null, source: FILE, mode: null, state });
    expect(await apply(host, config)).toEqual([{ app: 'a', outcome }]);
    // Nor does one run that ended by itself, or that was stopped.
    for (const rests of [{ resting: true }, { wanted: 'stopped' }] as const) {
      const other = new FakeHost();
      const decided = { config, environment: null, source: FILE, mode: null };
      other.apps.add('a', { ...decided, state: { ...state, ...rests } });
      expect(await apply(other, config)).toEqual([{ app: 'a', outcome: 'not-started' }]);
    }
  },
);

test('tells of one that cannot be started, or has a name that is taken, and starts the others', async () => {
  const host = new FakeHost();
  host.missing.add('gone');
  await host.start('my-app', { name: 'my app' });
  expect(await apply(host, up('a', { command: 'gone' }), up('my-app'), up('ALL'), up('b'))).toEqual([
    { app: 'a', outcome: 'failed', why: expect.stringContaining('no gone') as string },
    { app: 'my-app', outcome: 'failed', why: expect.stringContaining('"my app"') as string },
    { app: 'ALL', outcome: 'failed', why: expect.stringContaining('reserved') as string },
    { app: 'b', outcome: 'started' },
  ]);
});

test('does not start what has a fault in the file, leaves it as it is, and tells why', async () => {
  const host = new FakeHost();
  await apply(host, up('runs'));
  host.done.length = 0;
  const faults = new Map(['runs', 'new', 'rests'].map((name) => [name, `the script of ${name} is missing`]));
  expect(
    await applyWith(host, faults, up('runs', { args: ['y'] }), up('new'), configOf('rests'), up('b')),
  ).toEqual([
    { app: 'runs', outcome: 'failed', why: 'the script of runs is missing' },
    { app: 'new', outcome: 'failed', why: 'the script of new is missing' },
    { app: 'rests', outcome: 'not-started' },
    { app: 'b', outcome: 'started' },
  ]);
  expect(host.done).toEqual(['spawn b']);
  expect(host.state('runs').status).toBe('Running');
});

test('is not held up by an app that takes its time to stop', async () => {
  const host = new FakeHost();
  await apply(host, up('slow'));
  const applied = applyFile(
    { file: FILE, apps: [up('slow', { args: ['y'] }), up('b')], faults: NONE },
    host.apps,
    host.requests,
  );
  await settle();
  expect(host.state('slow').status).toBe('Stopping');
  expect(host.state('b').status).toBe('Running');
  await host.ends('slow');
  expect(await applied).toHaveLength(2);
});

test('is silent about what it does not start since the daemon ends', async () => {
  const host = new FakeHost();
  const applied = applyFile(
    { file: FILE, apps: [up('a'), up('ALL')], faults: NONE },
    host.apps,
    host.requests,
  );
  host.apps.close();
  expect(await applied).toEqual([
    { app: 'ALL', outcome: 'failed', why: expect.stringContaining('reserved') as string },
  ]);
  expect(host.done).not.toContain('spawn a');
});
