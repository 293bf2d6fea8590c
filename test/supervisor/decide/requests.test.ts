// The requests that change an app, and what may happen while they wait.
import { describe, expect, test } from 'vitest';
import { stopAll } from '#dist/supervisor/decide/stop-all.js';
import { STOPPED } from '#dist/supervisor/model/app-state.js';
import { configOf, FakeHost, settle } from '../../support/decide.js';

const coded = (code: string): Error => expect.objectContaining({ code }) as Error;
const nobody = { escaped: async () => [], endEscaped: async () => [] };

describe('a shutdown', () => {
  test('in the middle of a Restart stops the app and does not start it anew; it stays wanted', async () => {
    const host = new FakeHost();
    await host.start('a');
    const restarted = expect(host.restart('a')).rejects.toThrow(coded('SHUTTING_DOWN'));
    await settle();
    expect(host.done).toEqual(['spawn a', 'SIGTERM a']);
    const stopped = stopAll(host.apps, nobody, () => false);
    await host.ends('a');
    await restarted;
    await stopped;
    expect(host.done).toEqual(['spawn a', 'SIGTERM a']);
    expect(host.state('a')).toMatchObject({ status: 'Stopped', wanted: 'running' });
  });

  test('in the middle of a Start that waits for an end starts nothing', async () => {
    const host = new FakeHost();
    await host.start('a', { max_memory: 1 });
    await host.app('a').input({ type: 'over-memory', pid: host.state('a').pid ?? 0 });
    const started = expect(host.start('a', { max_memory: 1 })).rejects.toThrow(coded('SHUTTING_DOWN'));
    await settle();
    const stopped = stopAll(host.apps, nobody, () => false);
    await host.ends('a');
    await Promise.all([started, stopped]);
    expect(host.done.filter((what) => what === 'spawn a')).toHaveLength(1);
  });

  test('holds back a retry that falls due while another command keeps it waiting', async () => {
    const host = new FakeHost();
    await host.start('a');
    await host.ends('a', 1);
    expect(host.state('a').status).toBe('Backoff');
    let done = (): void => undefined;
    const busy = host.app('a').command(() => new Promise<void>((resolve) => (done = resolve)));
    const stopped = stopAll(host.apps, nobody, () => false);
    host.clock.advance(60_000);
    await settle();
    done();
    await Promise.all([busy, stopped]);
    expect(host.done).toEqual(['spawn a']);
    expect(host.state('a')).toMatchObject({ status: 'Stopped', wanted: 'running' });
  });

  test('goes on when the supervisor dies in it: the next one starts nothing', async () => {
    const host = new FakeHost();
    host.apps.close();
    const state = { ...STOPPED, wanted: 'running', status: 'Backoff', retryAt: 0 } as const;
    const app = host.apps.add('a', {
      config: configOf('a'),
      environment: null,
      source: null,
      mode: null,
      state,
    });
    await app.resume(false, null, null);
    await app.input({ type: 'start', automatic: true });
    host.clock.advance(60_000);
    await settle();
    expect(host.done).toEqual([]);
  });

  test('refuses what is to be started after it has begun', async () => {
    const host = new FakeHost();
    await host.start('a');
    host.apps.close();
    await expect(host.start('b')).rejects.toThrow(coded('SHUTTING_DOWN'));
    await expect(host.restart('a')).rejects.toThrow(coded('SHUTTING_DOWN'));
  });

  test('tells how many apps it stopped, and names and ends what they left behind when asked', async () => {
    const host = new FakeHost();
    await host.start('a');
    await host.start('idle');
    await host.ends('idle', 0);
    host.left.set('idle', [7]);
    const left = {
      escaped: async (id: string) => host.left.get(id) ?? [],
      endEscaped: async (id: string) => {
        host.left.delete(id);
        return [];
      },
    };
    const named = stopAll(host.apps, left, () => false);
    await settle();
    await host.ends('a');
    expect(await named).toEqual({
      stopped: 1,
      failed: [],
      unsaved: [],
      survivors: [{ app: 'idle', escaped: [7], ended: [] }],
    });
    expect(await stopAll(host.apps, left, () => true)).toMatchObject({
      survivors: [{ app: 'idle', escaped: [], ended: [7] }],
    });
  });
});

describe('a Start', () => {
  test('of an app whose attempts are used up while it waits makes a new app, and no process without an app', async () => {
    const host = new FakeHost();
    const gone = { max_attempts: 0, exhausted_action: 'remove', base_delay_ms: 1, max_delay_ms: 1 };
    const config = { backoff: { ...gone, multiplier: 1, jitter: 0 }, max_memory: 1 };
    await host.start('a', config);
    const former = host.app('a');
    await former.input({ type: 'over-memory', pid: former.state.pid ?? 0 });
    const started = host.start('a', config);
    await settle();
    await host.ends('a', 1);
    expect(await started).toMatchObject({ action: 'started' });
    expect(host.app('a')).not.toBe(former);
    expect(host.state('a').status).toBe('Running');
  });

  test('that fails leaves no new app, and a known one as it was', async () => {
    const host = new FakeHost();
    host.missing.add('gone');
    await expect(host.start('a', { command: 'gone' })).rejects.toThrow('Failed to start app a: no gone');
    expect(host.apps.get('a')).toBeUndefined();
    await host.start('a');
    await host.ends('a', 0);
    await expect(host.start('a', { command: 'gone' })).rejects.toThrow(coded('APP_SPAWN_FAILED'));
    expect(host.app('a').config.command).toBe('x');
    expect(host.state('a')).toMatchObject({ status: 'Stopped', wanted: 'running' });
  });

  test('of a name that is another one with the same id is refused, and says why', async () => {
    const host = new FakeHost();
    await host.start('my-app', { name: 'my app' });
    await expect(host.start('my-app')).rejects.toThrow('too much like that of the app "my app"');
    await expect(host.restart('my-app', { config: configOf('My App') })).rejects.toThrow(
      coded('APP_NAME_INVALID'),
    );
    expect(host.app('my-app').config.name).toBe('my app');
  });

  test('of an app that runs with another configuration is refused, or replaces it when it is told to', async () => {
    const host = new FakeHost();
    await host.start('a', { env: { A: '1', B: '2' } });
    const other = { env: { A: '2', B: '2' }, args: ['y'] };
    await expect(host.start('a', other)).rejects.toThrow(coded('APP_CONFIG_DIFFERS'));
    expect(await host.start('a', other, { dryRun: true })).toMatchObject({
      action: 'changed',
      differs: ['args', 'env.A'],
    });
    const replaced = host.start('a', other, { replace: true, source: '/f' });
    await settle();
    await host.ends('a');
    expect(await replaced).toMatchObject({ action: 'changed', pid: 102, differs: ['args', 'env.A'] });
    expect(host.app('a').decided).toMatchObject({ source: '/f', config: { args: ['y'] } });
    // The order of variables is not a difference.
    const same = { ...other, env: { B: '2', A: '2' } };
    expect(await host.start('a', same)).toMatchObject({ action: 'unchanged', pid: 102 });
  });

  test('that is only asked what it would do does nothing', async () => {
    const host = new FakeHost();
    expect(await host.start('a', {}, { dryRun: true })).toMatchObject({ action: 'started', pid: null });
    expect(host.apps.all()).toEqual([]);
    expect(host.done).toEqual([]);
  });
});

test('a Start that is only asked what it would do is answered while a command on its app waits', async () => {
  const host = new FakeHost();
  await host.start('a');
  const stopped = host.requests.stop({ name: 'a', id: 'a' }, false);
  await settle();
  const asked = await Promise.race([host.start('a', { args: ['y'] }, { dryRun: true }), settle()]);
  expect(asked).toMatchObject({ action: 'started', differs: ['args'] });
  await host.ends('a');
  await stopped;
  const restarted = host.restart('a');
  await restarted;
  const again = host.restart('a');
  await settle();
  // It runs when the Restart is over.
  expect(await Promise.race([host.start('a', {}, { dryRun: true }), settle()])).toMatchObject({
    action: 'unchanged',
  });
  await host.ends('a');
  await again;
});

describe('a Restart', () => {
  test('is written down until the new process is started, so that another daemon finishes it', async () => {
    const host = new FakeHost();
    await host.start('a');
    const restarted = host.restart('a');
    await settle();
    expect(host.state('a')).toMatchObject({ status: 'Stopping', wanted: 'running', restarting: true });
    expect(host.saved.at(-1)).toMatchObject({ status: 'Stopping', restarting: true });
    await host.ends('a');
    await restarted;
    expect(host.state('a')).toMatchObject({ status: 'Running', restarting: false });
  });

  test.each(['Stop', 'shutdown'])('that a %s follows is not finished by another daemon', async (what) => {
    const host = new FakeHost();
    await host.start('a');
    const restarted = host.restart('a').catch(() => undefined);
    await settle();
    const stopped =
      what === 'Stop'
        ? host.requests.stop({ name: 'a', id: 'a' }, false)
        : stopAll(host.apps, nobody, () => false);
    await host.ends('a');
    await restarted;
    await settle();
    if (what === 'Stop') await host.ends('a');
    await stopped;
    expect(host.state('a')).toMatchObject({ status: 'Stopped', restarting: false });
    expect(host.saved.at(-1)).toMatchObject({ status: 'Stopped', restarting: false });
  });

  test('only of an app that does not run: of many at once, one starts it and the others leave it alone', async () => {
    const host = new FakeHost();
    await host.start('a');
    await host.ends('a', 0);
    const environment = { A: '1' };
    const restart = () => host.restart('a', { unlessRunning: true, environment });
    const [first, ...others] = await Promise.all([restart(), restart(), restart()]);
    expect(first).toMatchObject({ pid: 102, wasRunning: false });
    for (const other of others) expect(other).toMatchObject({ pid: 102, wasRunning: true, ranAlready: true });
    expect(host.done).toEqual(['spawn a', 'spawn a']);
    expect(host.state('a')).toMatchObject({ status: 'Running', restarts: 0 });
    expect(host.app('a').decided.environment).toEqual(environment);
  });

  test('only of an app that does not run leaves one alone that is started by itself meanwhile', async () => {
    const host = new FakeHost();
    await host.start('a', { restart_policy: 'always' });
    await host.ends('a', 1);
    expect(host.state('a').status).toBe('Backoff');
    host.onCheck = () => host.app('a').input({ type: 'retry' });
    expect(await host.restart('a', { unlessRunning: true })).toMatchObject({ pid: 102, ranAlready: true });
    expect(host.done).toEqual(['spawn a', 'spawn a']);
  });

  test('only of an app that does not run waits for one that is being stopped, and starts it', async () => {
    const host = new FakeHost();
    await host.start('a');
    const stopped = host.requests.stop({ name: 'a', id: 'a' }, false);
    const started = host.restart('a', { unlessRunning: true });
    await settle();
    await host.ends('a');
    await stopped;
    expect(await started).toMatchObject({ pid: 102, wasRunning: false });
    expect(host.state('a').status).toBe('Running');
  });

  test('does not end a process when the new one cannot be started', async () => {
    const host = new FakeHost();
    await host.start('a');
    host.missing.add('x');
    await expect(host.restart('a')).rejects.toThrow('Failed to restart app a: no x; it runs on as it was');
    expect(host.done).toEqual(['spawn a']);
    expect(host.state('a')).toMatchObject({ status: 'Running', wanted: 'running', restarts: 0 });
  });

  test('whose new process fails nevertheless is tried again, and the app stays wanted', async () => {
    const host = new FakeHost();
    await host.start('a', { restart_policy: 'always' });
    host.failing.add('x');
    const restarted = expect(host.restart('a')).rejects.toThrow('no x; it is tried again');
    await settle();
    await host.ends('a');
    await restarted;
    expect(host.state('a')).toMatchObject({ status: 'Backoff', wanted: 'running', lastError: 'no x' });
    host.failing.clear();
    host.clock.advance(60_000);
    await settle();
    expect(host.state('a').status).toBe('Running');
  });

  test('keeps the environment, and takes another one or a changed configuration when it is given one', async () => {
    const host = new FakeHost();
    await host.start('a', {}, { environment: { A: '1' } });
    const restart = async (more: object): Promise<void> => {
      const restarted = host.restart('a', more);
      await settle();
      await host.ends('a');
      await restarted;
    };
    await restart({});
    expect(host.app('a').decided.environment).toEqual({ A: '1' });
    await restart({ environment: { A: '2' } });
    expect(host.app('a').decided.environment).toEqual({ A: '2' });
    await restart({ config: configOf('a', { args: ['y'] }), source: '/f' });
    expect(host.app('a').decided).toMatchObject({
      environment: { A: '2' },
      source: '/f',
      config: { args: ['y'] },
    });
    expect(host.state('a').restarts).toBe(3);
  });

  test('with a configuration starts an app that is not known, without one it is not found', async () => {
    const host = new FakeHost();
    await expect(host.restart('a')).rejects.toThrow(coded('APP_NOT_FOUND'));
    expect(await host.restart('a', { config: configOf('a') })).toMatchObject({ wasRunning: false, pid: 101 });
  });
});

describe('a Restart whose process does not end in time', () => {
  /** The answer to a Restart that has waited as long as it does. */
  async function inVain(host: FakeHost, more: object = {}): Promise<string> {
    const failed = host.restart('a', more).then(
      () => 'it was restarted',
      (error: unknown) => (error as Error).message,
    );
    await settle();
    host.clock.advance(3000);
    await settle();
    host.clock.advance(5000);
    return failed;
  }

  test('says so, and starts the app with its change when that has ended', async () => {
    const host = new FakeHost();
    await host.start('a', { restart_policy: 'no' });
    expect(await inVain(host, { config: configOf('a', { restart_policy: 'no', args: ['y'] }) })).toMatch(
      /^Failed to stop app a: .* does not end, though it was killed; the app is started when that has ended/,
    );
    await host.ends('a');
    expect(host.done.filter((what) => what === 'spawn a')).toHaveLength(2);
    expect(host.state('a')).toMatchObject({ status: 'Running', restarting: false, restarts: 1 });
    expect(host.app('a').config.args).toEqual(['y']);
  });

  test('starts the app as the last of several asked for', async () => {
    const host = new FakeHost();
    await host.start('a');
    await inVain(host, { config: configOf('a', { args: ['y'] }) });
    await inVain(host, { config: configOf('a', { args: ['z'] }) });
    await host.ends('a');
    expect(host.state('a').restarts).toBe(1);
    expect(host.app('a').config.args).toEqual(['z']);
  });

  test('starts nothing after a Stop, nor in a shutdown', async () => {
    for (const wanted of ['stopped', 'running']) {
      const host = new FakeHost();
      await host.start('a');
      await inVain(host);
      const stopped =
        wanted === 'stopped'
          ? host.requests.stop({ name: 'a', id: 'a' }, false)
          : stopAll(host.apps, nobody, () => false);
      await settle();
      await host.ends('a');
      await stopped;
      expect(host.state('a')).toMatchObject({ status: 'Stopped', wanted, restarting: false });
    }
  });
});

describe('a Stop', () => {
  test('of an app that has ended by itself is refused, and it is not wanted any more', async () => {
    const host = new FakeHost();
    await host.start('a');
    await host.ends('a', 0);
    expect(host.state('a').wanted).toBe('running');
    await expect(host.requests.stop({ name: 'a', id: 'a' }, false)).rejects.toThrow(coded('APP_NOT_RUNNING'));
    expect(host.state('a').wanted).toBe('stopped');
  });

  test('names what an app has left behind in whatever state, and ends it when asked', async () => {
    const host = new FakeHost();
    await host.start('a');
    await host.ends('a', 0);
    host.left.set('a', [7, 8]);
    const which = { name: 'a', id: 'a' };
    await expect(host.requests.stop(which, false)).rejects.toThrow(
      'App a is not running; it has left behind processes 7, 8, which still run',
    );
    expect(await host.requests.stop(which, true)).toEqual({ escaped: [], ended: [7, 8] });
  });
});

test('Delete of an app whose files cannot be removed says so, and can be repeated', async () => {
  const host = new FakeHost();
  await host.start('a');
  host.removal = new Error('its files cannot be removed: EACCES: permission denied, unlink pipes/a');
  const deleted = expect(host.requests.delete({ name: 'a', id: 'a' }, false)).rejects.toMatchObject({
    code: 'APP_DELETE_FAILED',
    message:
      'Failed to delete app a: its files cannot be removed: EACCES: permission denied, unlink pipes/a; it is stopped and stays in the list. Let the user of the daemon write there, then delete it again',
  });
  await settle();
  await host.ends('a');
  await deleted;
  expect(host.state('a').status).toBe('Stopped');
  host.removal = undefined;
  await host.requests.delete({ name: 'a', id: 'a' }, false);
  expect(host.apps.get('a')).toBeUndefined();
});

test('a new app that cannot be started, and not be removed either, fails with why it cannot be started', async () => {
  const host = new FakeHost();
  host.missing.add('y');
  host.removal = new Error('its files cannot be removed');
  await expect(host.start('a', { command: 'y' })).rejects.toMatchObject({
    code: 'APP_SPAWN_FAILED',
    message: 'Failed to start app a: no y',
  });
  host.removal = undefined;
  await host.requests.delete({ name: 'a', id: 'a' }, false);
  expect(host.apps.get('a')).toBeUndefined();
});

describe('on a disk that takes no state', () => {
  test('each request that changes an app tells it, until the state is written', async () => {
    const host = new FakeHost();
    const stop = () => host.requests.stop({ name: 'a', id: 'a' }, false);
    const stopped = async () => {
      const answer = stop();
      await settle();
      await host.ends('a');
      return answer;
    };
    const restart = async () => {
      const restarted = host.restart('a');
      await settle();
      await host.ends('a');
      return restarted;
    };
    host.unsavable = new Error('ENOSPC: no space');
    const unsaved = { unsaved: 'ENOSPC: no space' };
    expect(await host.start('a')).toMatchObject(unsaved);
    expect(await host.start('a')).toMatchObject({ action: 'unchanged', ...unsaved });
    expect(await restart()).toMatchObject(unsaved);
    expect(await stopped()).toMatchObject(unsaved);
    await expect(stop()).rejects.toThrow(/^App a is not running. The new state of app a cannot be .*ENOSPC/);
    expect(await stopAll(host.apps, nobody, () => false)).toMatchObject({ unsaved: ['a: ENOSPC: no space'] });
    host.unsavable = undefined;
    expect(await stopAll(host.apps, nobody, () => false)).toMatchObject({ unsaved: [] });
    expect(host.saved.at(-1)).toMatchObject({ status: 'Stopped', wanted: 'stopped' });
  });
});
