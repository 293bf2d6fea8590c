// The taking over of an app from a former supervisor: what is started, and what is left alone.
import { describe, expect, test } from 'vitest';
import { applyFile } from '#dist/supervisor/decide/declared.js';
import { takeOver } from '#dist/supervisor/decide/take-over.js';
import { type AppState, STOPPED } from '#dist/supervisor/model/app-state.js';
import type { DeclaredFile } from '#dist/supervisor/model/declared-file.js';
import { configOf, FakeHost, settle } from '../../support/decide.js';
import { recordOf } from '../../support/host.js';

const FILE = '/f.json';
const PROCESS = { pid: 50, startTime: null, bootId: null };

interface Left {
  readonly state: Partial<AppState>;
  readonly config?: object;
  readonly live?: boolean;
  readonly declared?: DeclaredFile;
}

/** A host whose app `a` was taken over, as a former supervisor had left it. */
async function takenOver(
  { state, config = {}, live = false, declared }: Left,
  host = new FakeHost(),
): Promise<{ host: FakeHost; faults: string[] }> {
  const faults: string[] = [];
  const record = recordOf({
    config: configOf('a', config),
    state: { ...STOPPED, wanted: 'running', ...state },
    source: declared ? FILE : null,
    process: live ? PROCESS : null,
  });
  await takeOver(host.apps, { record, live, exit: null, intoFiles: false }, declared ?? null, (what, error) =>
    faults.push(`${what}: ${(error as Error).message}`),
  );
  await settle();
  return { host, faults };
}

describe('an app that a shutdown has stopped', () => {
  test.each([
    ['always', {}, 'Running'],
    ['unless-stopped', {}, 'Running'],
    ['on-failure', {}, 'Stopped'],
    ['on-failure', { auto_start: true }, 'Running'],
    ['no', {}, 'Stopped'],
  ])('under the policy %s %o is %s', async (policy, more, status) => {
    const { host } = await takenOver({ state: {}, config: { restart_policy: policy, ...more } });
    expect(host.state('a').status).toBe(status);
  });

  test('and that had ended by itself, or is not wanted, stays stopped', async () => {
    for (const state of [{ resting: true }, { wanted: 'stopped' }] as const) {
      const { host } = await takenOver({ state, config: { restart_policy: 'always' } });
      expect(host.done).toEqual([]);
    }
  });
});

describe('an app whose Restart was under way', () => {
  const restarting = { status: 'Stopping', restarting: true, pid: 50 } as const;

  test.each(['no', 'on-failure', 'always', 'unless-stopped'])(
    'and whose process has ended is started under the policy %s',
    async (policy) => {
      for (const state of [restarting, { ...restarting, status: 'Stopped', pid: null }] as const) {
        const { host } = await takenOver({ state, config: { restart_policy: policy } });
        expect(host.done).toEqual(['spawn a']);
        expect(host.state('a')).toMatchObject({ status: 'Running', restarting: false, restarts: 1 });
      }
    },
  );

  test('and whose process lives is told to end again, and is started when it has ended', async () => {
    const { host } = await takenOver({ state: restarting, live: true, config: { restart_policy: 'no' } });
    expect(host.done).toEqual(['SIGTERM a']);
    // A command waits for it, as for any Restart.
    const started = host.start('a', { restart_policy: 'no' });
    await host.ends('a', 0);
    expect(host.done).toEqual(['SIGTERM a', 'spawn a']);
    expect(await started).toMatchObject({ action: 'unchanged' });
    expect(host.state('a')).toMatchObject({ status: 'Running', restarting: false, restarts: 1 });
  });

  test('and whose process does not end is reported, and nothing waits for it', async () => {
    const { host, faults } = await takenOver({ state: restarting, live: true });
    host.clock.advance(3000);
    host.clock.advance(5000);
    await settle();
    expect(faults).toEqual(['a: restart: process 50 does not end, though it was killed']);
    expect(host.state('a').status).toBe('Stopping');
    await host.ends('a');
    expect(host.state('a')).toMatchObject({ status: 'Running', restarting: false, restarts: 1 });
  });

  test('is not started in a shutdown', async () => {
    const host = new FakeHost();
    host.apps.close();
    const { faults } = await takenOver({ state: restarting, live: true }, host);
    await host.ends('a', 0);
    expect([host.done, faults]).toEqual([['SIGTERM a'], []]);
    await host.app('a').stop({ keepWanted: true });
    expect(host.state('a')).toMatchObject({ status: 'Stopped', wanted: 'running', restarting: false });
  });

  test('and whose program is gone is tried again', async () => {
    const host = new FakeHost();
    host.failing.add('x');
    await takenOver({ state: restarting, config: { restart_policy: 'no' } }, host);
    expect(host.state('a')).toMatchObject({ status: 'Backoff', lastError: 'no x' });
  });

  test('is started as its file declares it, and not if the file does not declare it any more', async () => {
    const other = configOf('a', { args: ['y'] });
    for (const live of [true, false]) {
      const declared = { file: FILE, apps: [other], faults: new Map<string, string>() };
      const { host } = await takenOver({ state: restarting, live, declared });
      const applied = applyFile(declared, host.apps, host.requests);
      await settle();
      if (live) await host.ends('a', 0);
      expect(await applied).toEqual([{ app: 'a', outcome: 'started' }]);
      expect(host.done.filter((what) => what === 'spawn a')).toHaveLength(1);
      expect(host.app('a').config.args).toEqual(['y']);

      const none = { file: FILE, apps: [], faults: new Map<string, string>() };
      const gone = await takenOver({ state: restarting, live, declared: none });
      const retired = applyFile(none, gone.host.apps, gone.host.requests);
      await settle();
      if (live) await gone.host.ends('a', 0);
      await retired;
      expect(gone.host.state('a')).toMatchObject({ status: 'Stopped', wanted: 'stopped', restarting: false });
      expect(gone.host.done).not.toContain('spawn a');
    }
  });
});
