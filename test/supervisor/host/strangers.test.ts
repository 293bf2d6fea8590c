// Where a system does not say when a process was started, or in which boot, a recorded number is a stranger's.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { program, recordOf, script } from '../../support/host.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { FakeClock } from '../../support/fake-clock.js';
import { alive } from '../../support/manager.js';
import { hasProc, hasShell } from '../../support/platform.js';
import { printsAndLasts } from '../../support/programs.js';
import { until } from '../../support/until.js';

/** The built modules, as they are on another system. */
async function on(platform: NodeJS.Platform) {
  const real = process.platform;
  Object.defineProperty(process, 'platform', { value: platform });
  vi.resetModules();
  onTestFinished(() => {
    Object.defineProperty(process, 'platform', { value: real });
    vi.resetModules();
  });
  const { pino } = await import('pino');
  const directory = temporaryDirectory();
  const files = (await import('#dist/supervisor/state/paths.js')).stateFiles(directory);
  for (const each of [files.apps, files.logs]) mkdirSync(each);
  const { ProcessHost } = await import('#dist/supervisor/host/process-host.js');
  const { GroupEnd } = await import('#dist/supervisor/host/group-end.js');
  const { endProcesses } = await import('#dist/supervisor/host/end-processes.js');
  const processes = await import('#dist/supervisor/system/processes.js');
  const log = pino({ level: 'silent' });
  const host = new ProcessHost({
    files,
    log,
    clock: new FakeClock(),
    limit: undefined,
    socket: '/nowhere',
    output: { directory, defaults: {}, again: null },
  });
  onTestFinished(() => host.close());
  return { ...host.functions(), host, files, GroupEnd, endProcesses, ...processes };
}

/** Numbers and signals that were sent; those that only ask whether a process exists are not among them. */
let signals: [number, string | number | undefined][];
beforeEach(() => {
  signals = [];
  const kill = process.kill.bind(process);
  vi.spyOn(process, 'kill').mockImplementation((pid, signal) => {
    if (signal !== 0) signals.push([pid, signal]);
    return kill(pid, signal);
  });
  return () => {
    vi.restoreAllMocks();
  };
});

const LIVES = printsAndLasts('ready');

/** Without the programs of the others, Windows can be nothing but itself. */
const PLATFORMS: readonly NodeJS.Platform[] = hasShell ? ['win32', 'darwin', 'freebsd'] : ['win32'];

describe.each(PLATFORMS)('on %s a live process that has a recorded number', (platform) => {
  test.each([
    ['without a start and a boot', { startTime: null, bootId: null }],
    ['without a start', { startTime: null, bootId: 'boot' }],
    ['without a boot', { startTime: '1', bootId: null }],
    ['with an empty start', { startTime: '', bootId: null }],
    ['with a start and a boot', { startTime: '1', bootId: 'boot' }],
  ])('%s is neither adopted nor signalled', async (_what, known) => {
    const { pid } = await program(LIVES);
    const { inventory, signal, files, host, stopped, escaped, endEscaped, isAlive, mayBeSignalled } =
      await on(platform);
    const process = { pid, ...known };
    writeFileSync(files.app('a'), JSON.stringify(recordOf({ process })));
    expect((await inventory()).apps).toMatchObject([{ live: false, exit: { unknown: true } }]);
    expect([signal('a', 'SIGTERM'), signal('a', 'SIGKILL')]).toEqual([false, false]);
    expect([await escaped('a'), await endEscaped('a', undefined)]).toEqual([[], []]);
    expect([isAlive(process), mayBeSignalled(process)]).toEqual([false, false]);
    stopped();
    await host.shutDown();
    expect(signals).toEqual([]);
    expect(alive(pid)).toBe(true);
    expect(readdirSync(files.apps)).toEqual(['a.json']);
  });

  test('was not left behind', async () => {
    const { pid } = await program(LIVES);
    vi.stubEnv('BUNCTL_STATE_DIR', join(temporaryDirectory(), 'state'));
    onTestFinished(() => void vi.unstubAllEnvs());
    await on(platform);
    const { leftBehind, leftElsewhere } = await import('#dist/supervisor/state/left-behind.js');
    const { stateDirectory, stateFiles } = await import('#dist/supervisor/state/paths.js');
    const { identify } = await import('#dist/supervisor/system/processes.js');
    const { apps, app } = stateFiles(stateDirectory('/nowhere/s'));
    mkdirSync(apps, { recursive: true, mode: 0o700 });
    const process = { ...identify(pid), bootId: null, startTime: null };
    writeFileSync(app('a'), JSON.stringify(recordOf({ process })));
    expect([await leftBehind('/nowhere/s'), (await leftElsewhere('/nowhere/s')).ids]).toEqual([[], []]);
  });

  test('is not ended in the place of what an app left behind', async () => {
    const { pid } = await program(LIVES);
    const { endProcesses } = await on(platform);
    let looks = 0;
    const find = async () => (looks++ === 0 ? [{ pid, startTime: '1', bootId: 'boot' }] : []);
    await endProcesses(find, 0);
    expect(signals).toEqual([]);
  });

  test('is not signalled in the place of an app’s leader that has ended', async () => {
    const { pid } = await program(LIVES);
    const { GroupEnd } = await on(platform);
    const gone = vi.fn();
    const end = new GroupEnd(pid, 0);
    onTestFinished(() => end.close());
    end.leaderEnded(gone);
    await until(() => gone.mock.calls.length === 1, 'the group is taken for gone');
    end.ask();
    end.kill();
    expect(signals).toEqual([]);
    expect(alive(pid)).toBe(true);
  });
});

describe.runIf(hasProc)('on linux', () => {
  test('a process that got the number of an app’s leader, and its group, are not signalled', async () => {
    const { pid } = await script('sleep 1000 & echo ready; wait');
    const { GroupEnd } = await on('linux');
    const gone = vi.fn();
    const end = new GroupEnd(pid, 0);
    onTestFinished(() => end.close());
    end.leaderEnded(gone);
    expect(gone).toHaveBeenCalledOnce();
    expect([end.ask(), end.kill()]).toEqual([true, false]);
    expect(signals).toEqual([]);
  });

  test('a group that has just gone is not looked for by its leader’s number', async () => {
    const { GroupEnd } = await on('linux');
    const end = new GroupEnd(2 ** 22 + 1, 60_000);
    end.leaderEnded(() => undefined);
    end.kill();
    expect(signals).toEqual([]);
  });

  test('a process that cannot be read for a lack of descriptors lives, and is not signalled', async () => {
    const { pid } = await program(LIVES);
    const { identify, isAlive, mayBeSignalled } = await on('linux');
    const identity = identify(pid);
    const fs = await import('node:fs');
    expect([isAlive(identity), mayBeSignalled(identity)]).toEqual([true, true]);
    const { openSync } = fs.default;
    vi.spyOn(fs.default, 'openSync').mockImplementation((path, flags) => {
      if (String(path) === `/proc/${pid}/stat`) throw Object.assign(new Error('EMFILE'), { code: 'EMFILE' });
      return openSync(path, flags);
    });
    const { syncBuiltinESMExports } = await import('node:module');
    syncBuiltinESMExports();
    onTestFinished(() => {
      vi.restoreAllMocks();
      syncBuiltinESMExports();
    });
    expect([isAlive(identity), mayBeSignalled(identity)]).toEqual([true, false]);
  });
});
