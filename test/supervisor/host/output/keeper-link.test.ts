// A daemon that ends as it was told to says so to its keeper, however far their conversation has come.
import { writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { pino } from 'pino';
import { KeeperLink, type KeeperSettings } from '#dist/supervisor/host/output/keeper-link.js';
import { keepersOf } from '#dist/supervisor/host/output/keeper-process.js';
import { serve } from '#dist/supervisor/keeper/server.js';
import { stateFiles } from '#dist/supervisor/state/paths.js';
import { VERSION } from '#dist/version.js';
import { temporaryDirectory } from '../../../support/daemon.js';
import { hasFifos } from '../../../support/platform.js';
import { until } from '../../../support/until.js';

function linkIn(directory: string, settings: Partial<KeeperSettings> = {}): KeeperLink {
  const link = new KeeperLink({
    directory,
    log: pino({ level: 'silent' }),
    again: { program: 'nothing', args: [] },
    openFiles: undefined,
    needed: () => true,
    onUp: () => Promise.resolve(),
    ...settings,
  });
  onTestFinished(() => link.close());
  return link;
}

/** A server in the place of a keeper; it notes what it is asked, and each end of a connection. */
async function fakeKeeper(settings: Partial<KeeperSettings> = {}) {
  const directory = temporaryDirectory();
  const seen: string[] = [];
  const hellos: Record<string, unknown>[] = [];
  const server = await serve(stateFiles(directory).keeper, {
    onRequest: (request) => {
      const [name] = Object.keys(request) as [string];
      // By this, the daemon sees whether it still answers.
      if (name === 'Sync') return 'Everything is written';
      seen.push(name);
      if (name === 'Hello') hellos.push(request['Hello'] as Record<string, unknown>);
      return JSON.stringify({ version: VERSION, pid: process.pid });
    },
    onEnd: () => seen.push('end'),
  });
  onTestFinished(() => void server.close());
  const link = linkIn(directory, settings);
  const ended = () => until(() => seen.includes('end'), 'the connection has ended');
  return { link, seen, hellos, ended };
}

/** The same, whose apps are being told of until `release` is called. */
async function heldKeeper() {
  let release: () => void = () => undefined;
  let held = false;
  const released = new Promise<void>((resolve) => (release = resolve));
  const fake = await fakeKeeper({
    onUp: () => {
      held = true;
      return released;
    },
  });
  const ready = fake.link.ready().catch((error: unknown) => error);
  await until(() => held, 'the keeper is being told of the apps');
  return { ...fake, ready, release };
}

describe.runIf(hasFifos)('a daemon that is told to end', () => {
  test('leaves a keeper that is still being told of its apps', async () => {
    const { link, seen, ended, ready, release } = await heldKeeper();
    const left = link.leave();
    release();
    await left;
    await ended();
    expect(seen).toEqual(['Hello', 'Leave', 'end']);
    expect(await ready).toMatchObject({ message: 'The daemon ends' });
  });

  test('leaves it also when telling it of the apps takes too long', async () => {
    const { link, seen, ended, ready, release } = await heldKeeper();
    await link.leave();
    await ended();
    expect(seen).toEqual(['Hello', 'Leave', 'end']);
    release();
    expect(await ready).toMatchObject({ message: 'The daemon ends' });
  });

  test('says no hello to a keeper that it is just connecting to', async () => {
    const { link, seen, ended } = await fakeKeeper();
    const ready = link.ready().catch((error: unknown) => error);
    await link.leave();
    expect(await ready).toMatchObject({ message: 'The daemon ends' });
    await ended();
    expect(seen).toEqual(['end']);
  });

  test('leaves a keeper that knows its apps', async () => {
    const { link, seen, ended } = await fakeKeeper();
    await link.ready();
    await link.leave();
    await ended();
    expect(seen).toEqual(['Hello', 'Leave', 'end']);
  });
});

test.runIf(hasFifos)('a daemon that dies does not leave a keeper that is still being told', async () => {
  const { link, seen, ended, ready, release } = await heldKeeper();
  link.close();
  await ended();
  release();
  await ready;
  expect(seen).toEqual(['Hello', 'end']);
});

describe.runIf(hasFifos)('a daemon that begins', () => {
  test('says hello to a keeper that is there, before it has an app', async () => {
    const { link, seen } = await fakeKeeper();
    await link.greet();
    expect(seen.filter((each) => each !== 'end')).toEqual(['Hello']);
  });

  test('starts no keeper, also where a dead one has left its socket', async () => {
    const directory = temporaryDirectory();
    const link = linkIn(directory);
    await link.greet();
    expect(await keepersOf(directory)).toEqual([]);
    writeFileSync(stateFiles(directory).keeper, '');
    await link.greet();
    expect(await keepersOf(directory)).toEqual([]);
  });
});

describe.runIf(hasFifos)('the hello', () => {
  const again = { program: 'nothing', args: ['--socket', '/s'] };

  test.each([
    ['tells the environment with which the daemon is started again', { again, openFiles: 5000 }],
    ['tells no environment when the daemon is not to be started again', { again: null, openFiles: 5000 }],
  ])('%s', async (_what, settings) => {
    const { link, hellos } = await fakeKeeper(settings);
    await link.ready();
    const environment = settings.again && { ...process.env, BUNCTL_OPEN_FILES: '5000' };
    expect(hellos).toEqual([{ pid: process.pid, again: settings.again, environment }]);
  });

  test('leaves out an environment that is too large for it, and the log says so', async () => {
    vi.stubEnv('HUGE', 'x'.repeat(6 * 1024 * 1024));
    onTestFinished(() => void vi.unstubAllEnvs());
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    const { link, hellos } = await fakeKeeper({ again, log });
    await link.ready();
    expect(hellos).toEqual([{ pid: process.pid, again, environment: null }]);
    expect(lines.join('')).toContain('the environment is too large');
    expect(lines.join('')).not.toContain('xxx');
  });
});
