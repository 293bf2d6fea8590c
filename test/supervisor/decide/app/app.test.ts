// One app as an actor, on a clock of the test's own: its timers, and what it does when it is taken over.
import { describe, expect, test } from 'vitest';
import { App } from '#dist/supervisor/decide/app/app.js';
import { parseAppConfig } from '#dist/supervisor/model/app-config.js';
import { type AppState, type Exit, STOPPED } from '#dist/supervisor/model/app-state.js';
import { watchMemory } from '#dist/supervisor/decide/use/memory-watch.js';
import { FakeClock } from '../../../support/fake-clock.js';

const BACKOFF = {
  base_delay_ms: 1000,
  max_delay_ms: 60_000,
  multiplier: 2,
  jitter: 0,
  max_attempts: null,
  exhausted_action: 'stop',
};
const CRASH: Exit = { code: 1, signal: null, unknown: false };

/** An app whose host only writes down what it is asked. With `faults`, it may fail; `own` replaces functions of its host. */
function actor(
  state: Partial<AppState> = {},
  config: object = {},
  { faults, own = {} }: { faults?: string[]; own?: object } = {},
) {
  const clock = new FakeClock();
  const done: string[] = [];
  const saved: Partial<AppState>[] = [];
  const published: unknown[] = [];
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
    whyItLives: () => null,
    signal: async (_id: string, signal: string) => done.push(signal),
    save: async (_id: string, decided: { state: AppState }) => void saved.push(decided.state),
    remove: async () => done.push('remove'),
    escaped: async () => [],
    endEscaped: async (_id: string, lastRuns: number) => {
      done.push(`end what the last ${lastRuns} left`);
      return [];
    },
    ...own,
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
      publish: async (event) => void published.push(event),
      clock,
      now: () => clock.now(),
      random: () => 0.5,
      linesReady: async () => undefined,
      follower: {
        follow: (id, offsets) => followed.push(offsets ?? `${id} from where it was`),
        ended: (id) => done.push(id === 'a' ? 'read to the end' : id),
        forget: (id) => done.push(`forget ${id}`),
      },
      onFault: (what, error) => {
        if (!faults) throw new Error(what, { cause: error });
        faults.push(`${what}: ${(error as Error).message}`);
      },
      onRemoved: () => done.push('gone'),
    },
  );
  /** Moves time on, and lets all come to rest that it causes: nothing here waits for more than turns of the loop. */
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return { app, clock, done, followed, saved, published, pass };
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
    expect(done).toEqual(['spawn', 'read to the end', 'remove', 'forget a', 'gone']);
    expect(clock.pending).toBe(0);
  });

  test('whose attempts are used up is not told as removed when it cannot be removed', async () => {
    const used = { backoff: { ...BACKOFF, max_attempts: 0, exhausted_action: 'remove' } };
    const states = (published: unknown[]) =>
      (published as { data: { state?: string } }[]).flatMap(({ data }) => data.state ?? []);
    const removal = async () => {
      throw new Error('EACCES: permission denied');
    };
    const stays = actor({}, used, { own: { remove: removal } });
    await stays.app.start();
    await expect(stays.app.input({ type: 'exited', exit: CRASH })).rejects.toThrow('EACCES');
    const goes = actor({}, used);
    await goes.app.start();
    await goes.app.input({ type: 'exited', exit: CRASH });
    await goes.pass(0);
    expect(states(stays.published)).toEqual(['crashed', 'backoff_exhausted']);
    expect(states(goes.published)).toEqual(['crashed', 'backoff_exhausted', 'removed']);
    expect([stays.app.removed, stays.app.state.exhausted]).toEqual([false, true]);
  });
});

describe('the start of an app', () => {
  test('answers whether it was started, and starts nothing that runs', async () => {
    const { app, done, published } = actor();
    expect([await app.start(), await app.start()]).toEqual([true, false]);
    expect([done, app.state.status]).toEqual([['spawn'], 'Running']);
    expect(published).toEqual([{ eventType: 'process_started', appName: 'a', data: { app: 'a', pid: 101 } }]);
  });

  test('writes down its change and its new state, and nothing in between', async () => {
    const seen: unknown[] = [];
    const own = {
      spawn: async (_id: string, { source }: { source: unknown }) => {
        seen.push(source);
        return { pid: 5, startedAt: 3, offsets: {} };
      },
    };
    const { app, saved } = actor({}, {}, { own });
    await app.start({ source: '/app/bunctl.json' });
    expect([seen, app.decided.source]).toEqual([['/app/bunctl.json'], '/app/bunctl.json']);
    expect(saved).toMatchObject([{ status: 'Running', pid: 5, startedAt: 3 }]);
  });

  test('is rejected when it cannot be spawned, and can be repeated', async () => {
    const failing = [new Error('not there')];
    const own = {
      spawn: async () => {
        const [error] = failing.splice(0);
        if (error) throw error;
        return { pid: 5, startedAt: 3, offsets: {} };
      },
    };
    const faults: string[] = [];
    const { app } = actor({}, {}, { own, faults });
    await expect(app.start()).rejects.toThrow('not there');
    expect(app.state).toMatchObject({ status: 'Stopped', wanted: 'running', lastError: 'not there' });
    expect([faults, await app.start()]).toEqual([[], true]);
  });

  test('that nobody asked for is reported when it fails', async () => {
    const faults: string[] = [];
    const own = { spawn: () => Promise.reject(new Error('not there')) };
    const { app } = actor({ status: 'Backoff', wanted: 'running' }, {}, { own, faults });
    await app.input({ type: 'retry' });
    expect(faults).toEqual(['a could not be started: not there']);
    expect([app.state.status, app.retryIn]).toEqual(['Backoff', 1000]);
  });

  test('is refused, and no retry starts it, once the daemon shuts down; it can still be stopped', async () => {
    const { app, done, pass } = actor();
    await app.start();
    await app.input({ type: 'exited', exit: CRASH });
    done.length = 0;
    app.close();
    await expect(app.start()).rejects.toMatchObject({
      code: 'SHUTTING_DOWN',
      message: 'the daemon is shutting down',
    });
    await pass(60_000);
    await app.input({ type: 'start' });
    expect([done, app.state.status]).toEqual([[], 'Backoff']);
    await app.stop({ keepWanted: true });
    expect(app.state).toMatchObject({ status: 'Stopped', wanted: 'running' });
  });

  test('does not fail when its record cannot be written', async () => {
    const own = { save: () => Promise.reject(new Error('the disk is full')) };
    expect(await actor({}, {}, { own }).app.start()).toBe(true);
  });
});

describe('the stop of an app', () => {
  const END: Exit = { code: 0, signal: null, unknown: false };

  test('is answered when its processes are gone, whatever happens meanwhile', async () => {
    const { app, pass } = actor();
    await app.start();
    const answers: string[] = [];
    const stops = ['one', 'two'].map((caller) => app.stop().then(() => answers.push(caller)));
    await pass(0);
    await app.input({ type: 'stable' });
    await pass(0);
    expect([answers, app.state]).toMatchObject([[], { status: 'Stopping', wanted: 'stopped' }]);
    await app.input({ type: 'exited', exit: END });
    await Promise.all(stops);
    expect(answers).toEqual(['one', 'two']);
  });

  test('is answered at once when nothing runs', async () => {
    const { app, clock, done, saved } = actor({ wanted: 'running' });
    await app.stop();
    expect([app.state.wanted, done, clock.pending]).toEqual(['stopped', [], 0]);
    expect(saved).toMatchObject([{ wanted: 'stopped' }]);
  });

  test('leaves no timer when the app has ended', async () => {
    const { app, clock, pass } = actor();
    await app.start();
    const stopped = app.stop();
    await pass(0);
    expect(clock.pending).toBeGreaterThan(0);
    await app.input({ type: 'exited', exit: END });
    await stopped;
    expect(clock.pending).toBe(0);
  });

  test('that gets its turn before a start is waited for by the start', async () => {
    const { app, done, pass } = actor();
    await app.start();
    done.length = 0;
    app.tell({ type: 'stable' });
    const stopped = app.stop();
    // The app still runs when the start is called, and is being stopped when it is the turn of the start.
    expect(app.state.status).toBe('Running');
    const started = app.start();
    await pass(0);
    expect(done).toEqual(['SIGTERM']);
    await app.input({ type: 'exited', exit: END });
    await stopped;
    expect([await started, app.state.status]).toEqual([true, 'Running']);
  });

  test('that fails is reported if nobody waits for it', async () => {
    const faults: string[] = [];
    const own = { signal: () => Promise.reject(new Error('not permitted')) };
    const { app, pass } = actor({}, {}, { own, faults });
    await app.start();
    app.tell({ type: 'stop' });
    await pass(0);
    expect(faults).toEqual(['a: stop: not permitted']);
  });
});

describe('the life of an app', () => {
  test('may change without a start', async () => {
    const { app, done, saved } = actor();
    await app.change({ source: '/app/bunctl.json' });
    expect([app.decided.source, app.state.status, done, saved.length]).toEqual([
      '/app/bunctl.json',
      'Stopped',
      [],
      1,
    ]);
  });

  test('is over for good when it is removed, and so are its timers', async () => {
    const { app, clock, done, saved } = actor({ status: 'Backoff', wanted: 'running', retryAt: 500 });
    await app.resume(false, null, null);
    expect(clock.pending).toBe(1);
    await app.remove();
    await app.remove();
    await app.change({ source: '/app/bunctl.json' });
    await app.input({ type: 'retry' });
    expect([await app.start(), app.removed, app.retryIn]).toEqual([false, true, undefined]);
    expect([done, clock.pending, saved, app.decided.source]).toEqual([
      ['remove', 'forget a', 'gone'],
      0,
      [],
      null,
    ]);
  });

  test('has one command at a time', async () => {
    const { app } = actor();
    const order: string[] = [];
    const slow = app.command(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      order.push('slow');
      return 'its result';
    });
    const quick = app.command(async () => order.push('quick'));
    expect([await slow, await quick, order]).toEqual(['its result', 2, ['slow', 'quick']]);
  });

  test('is not written down again when nothing has changed', async () => {
    const { app, saved } = actor();
    await app.input({ type: 'stable' });
    expect(saved).toEqual([]);
  });

  test('shows how long it waits for its retry', async () => {
    const { app, clock } = actor();
    await app.start();
    expect(app.retryIn).toBeUndefined();
    await app.input({ type: 'exited', exit: CRASH });
    clock.advance(300);
    expect([app.retryIn, app.state.retryAt]).toEqual([700, 1000]);
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

  /** An app whose next try waits for the end of what its last run left, and the function that ends that. */
  async function ending() {
    let ended = (): void => undefined;
    const own = { endEscaped: () => new Promise<number[]>((resolve) => (ended = () => resolve([]))) };
    const it = actor({}, {}, { own });
    await it.app.start();
    await crash(it);
    await crash(it);
    expect([it.app.state.status, it.app.retryIn]).toEqual(['Backoff', undefined]);
    it.done.length = 0;
    return { ...it, ended: () => ended() };
  }

  test('is stopped at once, and not started again, while what it left behind is being ended', async () => {
    const { app, done, ended, pass } = await ending();
    let answer = 'none';
    const stopped = app.stop().then(() => (answer = 'stopped'));
    await pass(0);
    expect([answer, app.state.status]).toEqual(['stopped', 'Stopped']);
    ended();
    await pass(60_000);
    await stopped;
    expect([done, app.state]).toMatchObject([[], { status: 'Stopped', wanted: 'stopped' }]);
  });

  test('is tried again at its own time when it was started while what it left behind was being ended', async () => {
    const { app, done, ended, pass } = await ending();
    await app.start();
    await app.input({ type: 'exited', exit: CRASH });
    expect(app.retryIn).toBe(1000);
    ended();
    await pass(999);
    expect(done).toEqual(['spawn', 'read to the end']);
    await pass(1);
    expect(done).toEqual(['spawn', 'read to the end', 'spawn']);
  });

  test('and is removed, or its daemon ends, while what it left behind is being ended: nothing is started', async () => {
    const removed = await ending();
    await removed.app.stop();
    await removed.app.remove();
    removed.ended();
    const closed = await ending();
    closed.app.close();
    closed.ended();
    for (const { pass, done } of [removed, closed]) {
      await pass(60_000);
      expect(done).not.toContain('spawn');
    }
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

  test('while it was being started, with the policy no, is not started a second time, and says why', async () => {
    const faults: string[] = [];
    const { app, done, saved } = actor(
      { status: 'Starting', wanted: 'running' },
      { restart_policy: 'no' },
      { faults },
    );
    await app.resume(false, null, null);
    expect(done).not.toContain('spawn');
    const now = {
      status: 'Stopped',
      resting: true,
      wanted: 'running',
      lastExit: { unknown: true },
      lastError: expect.stringContaining('it may have run; its policy is "no"') as string,
    };
    expect([app.state, saved.at(-1)]).toMatchObject([now, now]);
    expect(faults).toEqual([expect.stringContaining('a is not started: the daemon or its supervisor died')]);
    // A command starts it all the same.
    expect(await app.start()).toBe(true);
    expect(app.state).toMatchObject({ status: 'Running', lastError: null });
  });

  test('while it was being started, and whose end was seen, ended by itself', async () => {
    const { app, done } = actor({ status: 'Starting', wanted: 'running' });
    await app.resume(false, { code: 0, signal: null, unknown: false }, 50);
    expect(done).not.toContain('spawn');
    expect(app.state).toMatchObject({
      status: 'Stopped',
      resting: true,
      lastExit: { code: 0 },
      lastError: null,
    });
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

  test('between two restarts waits a day at most, however long its longest delay is', async () => {
    const day = 24 * 3600 * 1000;
    const config = { backoff: { ...BACKOFF, max_delay_ms: 100 * day } };
    const { app } = actor({ status: 'Backoff', wanted: 'running', retryAt: 100 * day }, config);
    await app.resume(false, null, null);
    expect(app.retryIn).toBe(day);
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

describe('the output of an app', () => {
  const withoutFiles = { spawn: async () => ({ pid: 101, startedAt: 0, offsets: null }) };

  test('is followed if the app prints into files of its own', async () => {
    const { app, followed } = actor();
    expect(app.intoFiles).toBe(false);
    await app.start();
    expect([app.intoFiles, followed]).toEqual([true, [{ stdout: 7, stderr: 8 }]]);
  });

  test('is not followed if the app prints for the keeper, whatever an earlier run did', async () => {
    const { app, followed } = actor({ status: 'Running', wanted: 'running' }, {}, { own: withoutFiles });
    await app.resume(true, null, 50, true);
    expect([app.intoFiles, followed.splice(0).length]).toEqual([true, 1]);
    await app.input({ type: 'exited', exit: CRASH });
    await app.start();
    expect([app.intoFiles, followed]).toEqual([false, []]);
  });

  test('is not followed when the app is taken over without files', async () => {
    const { app, followed } = actor({ status: 'Running', wanted: 'running' });
    await app.resume(true, null, 50);
    expect([app.intoFiles, followed]).toEqual([false, []]);
  });
});

describe('the taking over of an app that was', () => {
  test('alive, though its record says that it is stopped, shows it as running', async () => {
    const { app, done } = actor({ status: 'Stopped', wanted: 'stopped' });
    await app.resume(true, null, 50);
    expect([app.state, done]).toMatchObject([{ status: 'Running', wanted: 'running', pid: 50 }, []]);
  });

  test('alive follows it from where it was, and writes it down as running', async () => {
    for (const [startedAt, since] of [
      [3, 3],
      [null, 40],
    ] as const) {
      const { app, clock, followed, saved } = actor({ status: 'Running', wanted: 'running', startedAt });
      clock.advance(40);
      await app.resume(true, null, 50, true);
      const now = { status: 'Running', pid: 50, startedAt: since, retryAt: null, overLimit: false };
      expect([followed, app.state]).toMatchObject([['a from where it was'], now]);
      expect(saved).toMatchObject([now]);
    }
  });

  test('dead gives it the end that was seen meanwhile', async () => {
    const { app } = actor({ status: 'Stopping', wanted: 'stopped', pid: 50 });
    const exit: Exit = { code: 4, signal: null, unknown: false };
    await app.resume(false, exit, 50);
    expect(app.state).toMatchObject({ status: 'Stopped', lastExit: exit });
  });

  test('alive, but whose process is not known, takes it for ended', async () => {
    const { app } = actor({ status: 'Running', wanted: 'running' });
    await app.resume(true, null, null);
    expect(app.state).toMatchObject({ status: 'Backoff', lastExit: { unknown: true } });
  });

  test('stopped changes nothing', async () => {
    const { app, clock, done, followed } = actor();
    await app.resume(false, null, null);
    expect([app.state, done, followed, clock.pending]).toEqual([STOPPED, [], [], 0]);
  });

  test('waiting for a retry of an unknown time tries it at once', async () => {
    const { app, done, pass } = actor({ status: 'Backoff', wanted: 'running' });
    await pass(5000);
    await app.resume(false, null, null);
    expect(app.retryIn).toBe(0);
    await pass(0);
    expect(done).toEqual(['spawn']);
  });

  test('being started counts as a restart', async () => {
    const { app } = actor({ status: 'Starting', wanted: 'running', restarts: 2 });
    await app.resume(false, null, null);
    expect(app.state).toMatchObject({ restarts: 3, retryAt: null });
  });
});

describe('the memory of apps', () => {
  const apps = [
    { id: 'small', pid: 1, most: 10 },
    { id: 'large', pid: 2, most: 20 },
  ];

  test('is checked every five seconds, and a check that fails is not the last', async () => {
    const clock = new FakeClock();
    const told: unknown[] = [];
    const looks: (ReadonlyMap<number, number> | Error)[] = [
      new Error('too many open files'),
      new Map([[2, 21]]),
    ];
    watchMemory({
      clock,
      limited: () => apps,
      look: async () => 'all',
      onBlind: () => told.push('blind'),
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
    await new Promise((resolve) => setImmediate(resolve));
    expect(told.splice(0)).toEqual([asked, 'too many open files']);
    clock.advance(5000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told.splice(0)).toEqual([asked, ['large', 21]]);
    clock.advance(5000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([asked]);
  });
});
