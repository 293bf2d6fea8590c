// One app as an actor, on a clock of the test's own: its timers, and what it does when it is taken over.
import { describe, expect, test } from 'vitest';
import { App } from '#dist/supervisor/decide/app.js';
import { parseAppConfig } from '#dist/supervisor/model/app-config.js';
import { type AppState, type Exit, STOPPED } from '#dist/supervisor/model/app-state.js';
import { watchMemory } from '#dist/supervisor/decide/memory-watch.js';
import { FakeClock } from '../../support/fake-clock.js';

const BACKOFF = {
  base_delay_ms: 1000,
  max_delay_ms: 60_000,
  multiplier: 2,
  jitter: 0,
  max_attempts: null,
  exhausted_action: 'stop',
};
const CRASH: Exit = { code: 1, signal: null, unknown: false };

/** An app whose host only writes down what it is asked. */
function actor(state: Partial<AppState> = {}, config: object = {}) {
  const clock = new FakeClock();
  const done: string[] = [];
  const followed: unknown[] = [];
  let pid = 100;
  const host = {
    spawn: async () => {
      done.push('spawn');
      pid += 1;
      // As a spawn does, it takes a while.
      await new Promise((resolve) => setImmediate(resolve));
      return { pid, startedAt: clock.now(), offsets: { stdout: 7, stderr: 8 } };
    },
    signal: async (_id: string, signal: string) => done.push(signal),
    save: async () => undefined,
    remove: async () => done.push('remove'),
    escaped: async () => [],
    endEscaped: async (_id: string, lastRuns: number) => {
      done.push(`end what the last ${lastRuns} left`);
      return [];
    },
  };
  const app = new App(
    'a',
    {
      environment: null,
      source: null,
      mode: null,
      state: { ...STOPPED, ...state },
      config: parseAppConfig(
        JSON.stringify({
          name: 'a',
          command: 'x',
          backoff: BACKOFF,
          stop_timeout: { secs: 3, nanos: 0 },
          ...config,
        }),
      ),
    },
    {
      host: host as never,
      publish: async () => undefined,
      clock,
      now: () => clock.now(),
      random: () => 0.5,
      follower: {
        follow: (_id, offsets) => followed.push(offsets),
        ended: () => done.push('read to the end'),
        forget: () => undefined,
      },
      onFault: (what, error) => {
        throw new Error(what, { cause: error });
      },
      onRemoved: () => done.push('gone'),
    },
  );
  /** Moves time on, and lets all come to rest that it causes: nothing here waits for more than turns of the loop. */
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return { app, clock, done, followed, pass };
}

describe('an app', () => {
  test('that does not end though it was killed: its Stop is answered, and says so', async () => {
    const { app, done, pass } = actor();
    await app.start();
    let answer = 'none';
    app.stop().then(
      () => (answer = 'stopped'),
      (error: unknown) => (answer = (error as Error).message),
    );
    await pass(0);
    await pass(2999);
    expect(done).toEqual(['spawn', 'SIGTERM']);
    await pass(1);
    expect(done).toEqual(['spawn', 'SIGTERM', 'SIGKILL']);
    await pass(4999);
    expect(answer).toBe('none');
    await pass(1);
    expect(answer).toBe('process 101 does not end, though it was killed');
  });

  test('that is started while it waits for a retry is retried once after its next end', async () => {
    const { app, done, pass } = actor();
    await app.start();
    await app.input({ type: 'exited', exit: CRASH });
    await pass(900);
    await app.start();
    await app.input({ type: 'exited', exit: CRASH });
    done.length = 0;
    await pass(999);
    expect(done).toEqual([]);
    await pass(1);
    expect(done).toEqual(['spawn']);
  });

  test('that is stopped while it is being restarted is stopped as soon as it runs', async () => {
    const { app, clock, done, pass } = actor();
    await app.start();
    await app.input({ type: 'exited', exit: CRASH });
    clock.advance(1000);
    const stopped = app.stop();
    await pass(0);
    expect(done).toEqual(['spawn', 'read to the end', 'spawn', 'SIGTERM']);
    await app.input({ type: 'exited', exit: { code: null, signal: 'SIGTERM', unknown: false } });
    await stopped;
    expect(app.state).toMatchObject({ status: 'Stopped', wanted: 'stopped' });
  });

  test('that is ended for its memory lets a start wait meanwhile, and runs again', async () => {
    const { app, done, pass } = actor();
    await app.start();
    await app.input({ type: 'over-memory', pid: 101 });
    const started = app.start();
    await pass(0);
    await app.input({ type: 'exited', exit: { code: 0, signal: null, unknown: false } });
    expect(await started).toBe(true);
    expect(done).toEqual(['spawn', 'SIGTERM', 'read to the end', 'spawn']);
    expect(app.state).toMatchObject({ status: 'Running', pid: 102 });
  });

  test('that was ending for its memory when its supervisor died runs on, or is tried again', async () => {
    const ending = { status: 'Stopping', wanted: 'running', overLimit: true, pid: 7 } as const;
    const lives = actor(ending);
    await lives.app.resume(true, null, 7);
    expect(lives.app.state).toMatchObject({ status: 'Running', overLimit: false });
    const ended = actor(ending);
    await ended.app.resume(false, { code: 0, signal: null, unknown: false }, 7);
    expect(ended.app.state).toMatchObject({ status: 'Backoff', overLimit: false });
  });

  test('is followed from where its output began, however late that is', async () => {
    const { app, followed } = actor();
    await app.start();
    expect(followed).toEqual([{ stdout: 7, stderr: 8 }]);
  });

  test('that ends has its output read to the end', async () => {
    const { app, done } = actor({}, { restart_policy: 'no' });
    await app.start();
    await app.input({ type: 'exited', exit: CRASH });
    expect(done).toEqual(['spawn', 'read to the end']);
  });

  test('whose attempts are used up is removed, if that is its action, and leaves no timer', async () => {
    const { app, clock, done } = actor(
      {},
      { backoff: { ...BACKOFF, max_attempts: 0, exhausted_action: 'remove' } },
    );
    await app.start();
    await app.input({ type: 'exited', exit: CRASH });
    expect(done).toEqual(['spawn', 'read to the end', 'remove', 'gone']);
    expect(clock.pending).toBe(0);
  });
});

describe('an app that crashes again and again', () => {
  const crash = async ({ app, pass }: ReturnType<typeof actor>): Promise<void> => {
    await app.input({ type: 'exited', exit: CRASH });
    await pass(app.retryIn ?? NaN);
  };

  test('has what its last unstable runs left behind ended, so that it does not pile up', async () => {
    const it = actor();
    await it.app.start();
    await crash(it);
    await crash(it);
    await crash(it);
    expect(it.done.filter((what) => /end|spawn/.test(what))).toEqual([
      'spawn',
      'read to the end',
      'spawn',
      'read to the end',
      'end what the last 1 left',
      'spawn',
      'read to the end',
      'end what the last 2 left',
      'spawn',
    ]);
  });

  test('keeps what a run left that was stable, or before a command started it', async () => {
    const it = actor();
    await it.app.start();
    await it.pass(10_000);
    await crash(it);
    const stopped = it.app.stop();
    await it.app.input({ type: 'exited', exit: CRASH });
    await stopped;
    await it.app.start();
    await crash(it);
    expect(it.done.filter((what) => what.startsWith('end what'))).toEqual([]);
  });

  test('and is told to stop meanwhile stays stopped', async () => {
    const it = actor();
    await it.app.start();
    await crash(it);
    await it.app.input({ type: 'exited', exit: CRASH });
    expect(it.app.retryIn).toBe(2000);
    it.done.length = 0;
    await it.app.stop();
    await it.pass(60_000);
    expect(it.done).toEqual([]);
    expect(it.app.state.status).toBe('Stopped');
  });
});

describe('an app that is taken over', () => {
  test('between two restarts waits for the rest of its delay', async () => {
    const { app, done, pass } = actor({ status: 'Backoff', wanted: 'running', attempt: 1, retryAt: 700 });
    await app.resume(false, null, null);
    await pass(699);
    expect(done).toEqual([]);
    await pass(1);
    expect(done).toEqual(['spawn']);
    expect(app.state).toMatchObject({ status: 'Running', attempt: 1, restarts: 1 });
  });

  test('while it was being started is started', async () => {
    const { app, done } = actor({ status: 'Starting', wanted: 'running' });
    await app.resume(false, null, null);
    expect(done).toEqual(['spawn']);
    expect(app.state.status).toBe('Running');
  });

  test('while it was being stopped is stopped, with all its time', async () => {
    const { app, done, pass } = actor({ status: 'Stopping', wanted: 'stopped', pid: 50 });
    await app.resume(true, null, 50);
    expect(done).toEqual(['SIGTERM']);
    await pass(3000);
    expect(done).toEqual(['SIGTERM', 'SIGKILL']);
    await app.input({ type: 'exited', exit: { code: null, signal: 'SIGKILL', unknown: false } });
    expect(app.state).toMatchObject({ status: 'Stopped', wanted: 'stopped' });
  });

  test('while it was being stopped with a daemon that is gone, and is wanted, goes on', async () => {
    const { app, done, pass } = actor({ status: 'Stopping', wanted: 'running', pid: 50 });
    await app.resume(true, null, 50);
    await pass(60_000);
    expect([app.state.status, app.state.pid, done]).toEqual(['Running', 50, []]);
  });

  test('while it is being stopped is started when it has ended', async () => {
    const { app, done, pass } = actor({ status: 'Stopping', wanted: 'stopped', pid: 50 });
    await app.resume(true, null, 50);
    const started = app.start();
    await pass(100);
    expect(done).toEqual(['SIGTERM']);
    await app.input({ type: 'exited', exit: { code: 0, signal: null, unknown: false } });
    expect(await started).toBe(true);
    expect(app.state).toMatchObject({ status: 'Running', wanted: 'running' });
  });

  test('between two restarts waits no longer than its longest delay, though the clock was set back', async () => {
    const { app, done, pass } = actor({ status: 'Backoff', wanted: 'running', retryAt: 3_600_000 });
    await app.resume(false, null, null);
    await pass(BACKOFF.max_delay_ms);
    expect(done).toEqual(['spawn']);
  });

  test('while it runs: its attempts are forgotten after ten seconds', async () => {
    const { app, pass } = actor({ status: 'Running', wanted: 'running', pid: 50, startedAt: 0, attempt: 4 });
    await app.resume(true, null, 50);
    await pass(9999);
    expect(app.state.attempt).toBe(4);
    await pass(1);
    expect(app.state.attempt).toBe(0);
  });

  test('and was recorded as running, but has ended, is restarted by its policy', async () => {
    const { app, done, pass } = actor({ status: 'Running', wanted: 'running', pid: 50, startedAt: 0 });
    await app.resume(false, null, null);
    expect(app.state).toMatchObject({ status: 'Backoff', lastExit: { unknown: true } });
    await pass(1000);
    expect(done).toEqual(['read to the end', 'read to the end', 'spawn']);
  });
});

describe('the memory of apps', () => {
  const apps = [
    { id: 'small', pid: 1, most: 10 },
    { id: 'large', pid: 2, most: 20 },
  ];

  test('is checked every five seconds, and a check that fails is not the last', () => {
    const clock = new FakeClock();
    const told: unknown[] = [];
    const looks: (ReadonlyMap<number, number> | Error)[] = [
      new Error('too many open files'),
      new Map([[2, 21]]),
    ];
    watchMemory({
      clock,
      limited: () => apps,
      groupsOver: (limits) => {
        told.push([...limits]);
        const found = looks.shift() ?? new Map<number, number>();
        if (found instanceof Error) throw found;
        return found;
      },
      onOver: ({ id }, held) => told.push([id, held]),
      onFault: (error) => told.push((error as Error).message),
    });
    const asked = [
      [1, 10],
      [2, 20],
    ];
    clock.advance(4999);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told.splice(0)).toEqual([asked, 'too many open files']);
    clock.advance(5000);
    expect(told.splice(0)).toEqual([asked, ['large', 21]]);
    clock.advance(5000);
    expect(told).toEqual([asked]);
  });
});
