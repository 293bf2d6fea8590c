// One app's life as a pure function: every policy, every command in every state, no process and no clock.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AppConfig, parseAppConfig } from '#dist/supervisor/model/app-config.js';
import { backoffDelay } from '#dist/supervisor/decide/app/backoff.js';
import { appId } from '#dist/supervisor/model/app-id.js';
import { type AppState, type Exit, STOPPED } from '#dist/supervisor/model/app-state.js';
import type { Effect, Input } from '#dist/supervisor/decide/app/inputs.js';
import { STABLE_AFTER, step, unstableRuns } from '#dist/supervisor/decide/app/machine.js';
import { property } from '../../../support/property.js';

const config = (more: object = {}): AppConfig =>
  parseAppConfig(JSON.stringify({ name: 'a', command: 'x', ...more }));
const exit = (code: number | null, signal: string | null = null, unknown = false): Input => ({
  type: 'exited',
  exit: { code, signal, unknown },
});
const spawned = (automatic = false): Input => ({ type: 'spawned', pid: 7, startedAt: 1, automatic });

/** Runs inputs through the machine; the last state and all effects. */
function run(settings: AppConfig, ...inputs: Input[]): { state: AppState; effects: Effect[] } {
  let state = STOPPED;
  const effects: Effect[] = [];
  for (const input of inputs) {
    const next = step(state, input, { config: settings, now: 1000, random: 0.5 });
    state = next.state;
    effects.push(...next.effects);
  }
  return { state, effects };
}
const events = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) =>
    effect.do === 'publish'
      ? [effect.eventType === 'status_change' ? `status ${String(effect.data['state'])}` : effect.eventType]
      : [],
  );

describe('a policy', () => {
  test.each([
    ['no', 0, 'Stopped'],
    ['no', 1, 'Stopped'],
    ['on-failure', 0, 'Stopped'],
    ['on-failure', 1, 'Backoff'],
    ['on-failure', null, 'Backoff'],
    ['always', 0, 'Backoff'],
    ['unless-stopped', 0, 'Backoff'],
  ])('%s, exit %s: %s', (policy, code, status) => {
    const { state } = run(
      config({ restart_policy: policy }),
      { type: 'start' },
      spawned(),
      exit(code, code === null ? 'SIGSEGV' : null),
    );
    expect(state.status).toBe(status);
    expect(state.lastExit?.code).toBe(code);
  });

  test('treats an exit that nobody saw as a failure', () => {
    const { state } = run(config(), { type: 'start' }, spawned(), exit(null, null, true));
    expect(state).toMatchObject({ status: 'Backoff', lastExit: { unknown: true } });
  });

  test.each(['no', 'always', 'on-failure', 'unless-stopped'])(
    '%s lets a stopped app stay stopped',
    (policy) => {
      const { state, effects } = run(
        config({ restart_policy: policy }),
        { type: 'start' },
        spawned(),
        { type: 'stop' },
        exit(null, 'SIGTERM'),
      );
      expect(state).toMatchObject({ status: 'Stopped', wanted: 'stopped', pid: null });
      expect(effects.filter((effect) => effect.do === 'spawn')).toHaveLength(1);
    },
  );
});

test('a crash and its restart tell each event once, in order', () => {
  const { effects } = run(config(), { type: 'start' }, spawned(), exit(3), { type: 'retry' }, spawned(true));
  expect(events(effects)).toEqual([
    'process_started',
    'process_exited',
    'status crashed',
    'process_restarting',
    'status starting',
    'process_started',
    'status running',
  ]);
});

test('a stop is SIGTERM, then SIGKILL after the app’s own timeout', () => {
  const settings = config({ stop_timeout: { secs: 3, nanos: 500_000_000 } });
  const { effects } = run(
    settings,
    { type: 'start' },
    spawned(),
    { type: 'stop' },
    { type: 'stop-timeout' },
    exit(null, 'SIGKILL'),
  );
  expect(effects).toContainEqual({ do: 'timer', name: 'stop-timeout', ms: 3500 });
  expect(effects.flatMap((effect) => (effect.do === 'signal' ? [effect.signal] : []))).toEqual([
    'SIGTERM',
    'SIGKILL',
  ]);
});

test('a stop in Backoff cancels the retry', () => {
  const waiting = run(config(), { type: 'start' }, spawned(), exit(1)).state;
  const { state, effects } = step(waiting, { type: 'stop' }, { config: config(), now: 1000, random: 0.5 });
  expect(state).toMatchObject({ status: 'Stopped', wanted: 'stopped', retryAt: null });
  // The start before has cancelled one too: this is the stop's own.
  expect(effects).toContainEqual({ do: 'cancel', name: 'retry' });
  expect(events(effects)).toEqual(['status stopped']);
  expect(step(state, { type: 'retry' }, { config: config(), now: 1000, random: 0.5 }).effects).toEqual([]);
});

test('a start in Backoff spawns at once', () => {
  const { state, effects } = run(config(), { type: 'start' }, spawned(), exit(1), { type: 'start' });
  expect(state).toMatchObject({ status: 'Starting', attempt: 0 });
  expect(effects.at(-1)).toEqual({ do: 'spawn', automatic: false, onFailure: 'give-up' });
});

test('a start that cannot be spawned changes nothing about what is wanted, and can be repeated', () => {
  const failed = run(
    config({ restart_policy: 'always' }),
    { type: 'start' },
    {
      type: 'spawn-failed',
      onFailure: 'give-up',
      error: 'not there',
    },
  );
  expect(failed.state).toMatchObject({ status: 'Stopped', wanted: 'running', pid: null });
  const again = step(failed.state, { type: 'start' }, { config: config(), now: 1000, random: 0.5 });
  expect(again.effects.at(-1)).toEqual({ do: 'spawn', automatic: false, onFailure: 'give-up' });
});

describe('attempts', () => {
  const backoff = { base_delay_ms: 100, max_delay_ms: 1000, multiplier: 2, jitter: 0, max_attempts: 2 };
  const crash: Input[] = [exit(1), { type: 'retry' }, spawned(true)];

  test('are used up, and then it is given up', () => {
    const { state, effects } = run(
      config({ backoff }),
      { type: 'start' },
      spawned(),
      ...crash,
      ...crash,
      exit(1),
    );
    expect(state).toMatchObject({ status: 'Stopped', exhausted: true, restarts: 2 });
    expect(
      effects.flatMap((effect) =>
        effect.do === 'publish' && effect.eventType === 'process_restarting' ? [effect.data] : [],
      ),
    ).toEqual([
      { attempt: 1, delay_ms: 100 },
      { attempt: 2, delay_ms: 200 },
    ]);
    expect(events(effects).at(-1)).toBe('status backoff_exhausted');
  });

  test('are forgotten after a stable time, and by a start', () => {
    const stable = run(
      config({ backoff }),
      { type: 'start' },
      spawned(),
      ...crash,
      ...crash,
      { type: 'stable' },
      exit(1),
    );
    expect(stable.state).toMatchObject({ status: 'Backoff', attempt: 1 });
    const started = run(config({ backoff }), { type: 'start' }, spawned(), ...crash, ...crash, exit(1), {
      type: 'start',
    });
    expect(started.state).toMatchObject({ status: 'Starting', attempt: 0, exhausted: false });
  });

  test('are forgotten after ten seconds of running', () => {
    const { effects } = run(config({ backoff }), { type: 'start' }, spawned());
    expect(effects).toContainEqual({ do: 'timer', name: 'stable', ms: 10_000 });
  });

  test('of zero: it is given up at its first end', () => {
    const { state } = run(
      config({ backoff: { ...backoff, max_attempts: 0 } }),
      { type: 'start' },
      spawned(),
      exit(1),
    );
    expect(state).toMatchObject({ status: 'Stopped', exhausted: true });
  });

  test('used up, with the action remove: the app is removed', () => {
    const { effects } = run(
      config({ backoff: { ...backoff, max_attempts: 0, exhausted_action: 'remove' } }),
      { type: 'start' },
      spawned(),
      exit(1),
    );
    expect(effects.at(-2)).toEqual({ do: 'remove' });
    expect(events(effects).at(-1)).toBe('status removed');
  });

  test('of a spawn that fails count like crashes', () => {
    const { state } = run(
      config({ backoff }),
      { type: 'start' },
      spawned(),
      exit(1),
      { type: 'retry' },
      { type: 'spawn-failed', onFailure: 'try-again', error: 'not there' },
    );
    expect(state).toMatchObject({ status: 'Backoff', attempt: 2, lastError: 'not there' });
  });

  test.each([
    [1000, 0, 0, 700],
    [1000, 0, 0.5, 1000],
    [1000, 0, 0.75, 1150],
    [1000, 2, 0.5, 4000],
    [1000, 10, 0.5, 10_000],
    [1000, 10, 0, 7000],
    [1000, 10, 0.99, 10_000],
    [1000, 5000, 0.99, 10_000],
    [0, 5000, 0.99, 0],
  ])('wait, from %d ms, after %d of them and by the lot %d: %d ms', (base, attempt, random, ms) => {
    const settings = { ...backoff, base_delay_ms: base, max_delay_ms: 10_000, jitter: 0.3 };
    expect(backoffDelay({ ...settings, exhausted_action: 'stop' }, attempt, random)).toBe(ms);
  });

  property([
    fc.nat(5000),
    fc.nat(60_000),
    fc.double({ min: 0, max: 10, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.nat(1000),
    fc.double({ min: 0, max: 0.999, noNaN: true }),
  ])('wait between nothing and the longest delay', (base, max, multiplier, jitter, attempt, random) => {
    const delay = backoffDelay(
      {
        base_delay_ms: base,
        max_delay_ms: max,
        multiplier,
        jitter,
        max_attempts: null,
        exhausted_action: 'stop',
      },
      attempt,
      random,
    );
    expect(Number.isInteger(delay) && delay >= 0 && delay <= max).toBe(true);
  });
});

describe('an app that holds more memory than it may', () => {
  const over: Input = { type: 'over-memory', pid: 7 };
  const signals = (effects: readonly Effect[]): string[] =>
    effects.flatMap((effect) => (effect.do === 'signal' ? [effect.signal] : []));

  test.each([
    ['no', 'Stopped', 'status stopped'],
    ['on-failure', 'Backoff', 'status crashed'],
    ['always', 'Backoff', 'status crashed'],
    ['unless-stopped', 'Backoff', 'status crashed'],
  ])('under policy %s: asked to end, killed after its time, then %s', (policy, status, last) => {
    const settings = config({ restart_policy: policy });
    const { state, effects } = run(settings, { type: 'start' }, spawned(), over, { type: 'stop-timeout' });
    expect([state.status, state.wanted, signals(effects)]).toEqual([
      'Stopping',
      'running',
      ['SIGTERM', 'SIGKILL'],
    ]);
    // However well it ends: it was not its wish.
    const ended = step(state, exit(0), { config: settings, now: 1000, random: 0.5 });
    expect(ended.state).toMatchObject({ status, overLimit: false, pid: null });
    expect(events(ended.effects)).toContain(last);
    expect(ended.effects).toContainEqual(
      expect.objectContaining({ data: expect.objectContaining({ reason: 'max_memory' }) as object }),
    );
    expect(ended.effects).toContainEqual({ do: 'cancel', name: 'stop-timeout' });
  });

  test('and is stopped meanwhile stays stopped', () => {
    const { state } = run(config(), { type: 'start' }, spawned(), over, { type: 'stop' }, exit(0));
    expect(state).toMatchObject({ status: 'Stopped', wanted: 'stopped', overLimit: false });
  });

  test('is given up when that happens again and again, as one that crashes', () => {
    const backoff = { ...config().backoff, max_attempts: 1 };
    const once = [spawned(), over, exit(0)];
    const { state } = run(config({ backoff }), { type: 'start' }, ...once, { type: 'retry' }, ...once);
    expect(state).toMatchObject({ status: 'Stopped', exhausted: true });
  });

  test('in an earlier run is left alone', () => {
    const { state } = run(config(), { type: 'start' }, spawned(), { type: 'over-memory', pid: 6 });
    expect(state.status).toBe('Running');
  });
});

property([
  fc.array(
    fc.constantFrom<Input>(
      { type: 'start' },
      { type: 'stop' },
      { type: 'retry' },
      { type: 'stable' },
      { type: 'stop-timeout' },
      { type: 'over-memory', pid: 7 },
      exit(0),
      exit(1),
    ),
    { maxLength: 40 },
  ),
])('whatever happens in whatever order: a process runs when it is said to, and none without', (inputs) => {
  let state = STOPPED;
  let live = false;
  for (const input of inputs) {
    if (input.type === 'exited' && !live) continue;
    let next = step(state, input, { config: config(), now: 1, random: 0.5 });
    if (input.type === 'exited') live = false;
    for (const effect of next.effects) {
      if (effect.do !== 'spawn') continue;
      expect(live).toBe(false);
      live = true;
      next = step(next.state, spawned(effect.automatic), { config: config(), now: 1, random: 0.5 });
    }
    state = next.state;
    expect(state.status === 'Running' || state.status === 'Stopping').toBe(live);
    expect(state.pid !== null).toBe(live);
  }
});

describe('a step', () => {
  const around = {
    config: config({
      stop_timeout: { secs: 2, nanos: 0 },
      backoff: { base_delay_ms: 100, max_delay_ms: 1000, multiplier: 2, jitter: 0, max_attempts: 3 },
    }),
    now: 1000,
    random: 0.5,
  };
  const running: AppState = {
    ...STOPPED,
    status: 'Running',
    wanted: 'running',
    pid: 7,
    startedAt: 1,
    restarts: 3,
    attempt: 2,
    lastError: null,
  };
  const stopping: AppState = { ...running, status: 'Stopping' };
  const backoff: AppState = { ...running, status: 'Backoff', pid: null, startedAt: null, retryAt: 5000 };
  const starting: AppState = { ...running, status: 'Starting', pid: null, startedAt: null };
  const told = (eventType: string, data: object): unknown => ({ do: 'publish', eventType, data });
  const status = (state: string, more: object = {}): unknown => told('status_change', { state, ...more });
  const ended = (code: number | null, more: Partial<Exit> = {}): Exit => ({
    code,
    signal: null,
    unknown: false,
    ...more,
  });

  test.each<[Input, AppState[]]>([
    [{ type: 'start' }, [starting, running, stopping]],
    [exit(1), [STOPPED, starting, backoff]],
    [{ type: 'over-memory', pid: 7 }, [{ ...STOPPED, pid: 7 }, { ...starting, pid: 7 }, stopping]],
    [{ type: 'over-memory', pid: 8 }, [running]],
    [{ type: 'retry' }, [STOPPED, starting, running, stopping]],
    [{ type: 'stable' }, [STOPPED, starting, stopping, backoff]],
    [{ type: 'stop-timeout' }, [STOPPED, starting, running, backoff]],
  ])('%j does nothing in a state that it does not fit', (input, states) => {
    for (const state of states) {
      const next = step(state, input, around);
      expect(next.state).toBe(state);
      expect(next.effects).toEqual([]);
    }
  });

  test('of a start begins anew', () => {
    const rested: AppState = { ...backoff, wanted: 'stopped', resting: true, exhausted: true };
    const fresh = { ...rested, status: 'Starting', wanted: 'running', resting: false };
    expect(step(rested, { type: 'start' }, around)).toEqual({
      state: { ...fresh, attempt: 0, exhausted: false, retryAt: null },
      effects: [
        { do: 'cancel', name: 'retry' },
        { do: 'spawn', automatic: false, onFailure: 'give-up' },
      ],
    });
    const input = { type: 'start', automatic: true, onFailure: 'try-again', counted: true } as const;
    const { state, effects } = step(STOPPED, input, around);
    expect([state.restarts, effects.at(-1)]).toEqual([
      1,
      { do: 'spawn', automatic: true, onFailure: 'try-again' },
    ]);
  });

  test('of a process that was started', () => {
    const before = { ...starting, lastError: 'not there', retryAt: 5 };
    const now = { ...running, pid: 9, startedAt: 4 };
    const input = { type: 'spawned', pid: 9, startedAt: 4 } as const;
    const stable = { do: 'timer', name: 'stable', ms: STABLE_AFTER };
    expect(step(before, { ...input, automatic: false }, around)).toEqual({
      state: now,
      effects: [told('process_started', { pid: 9 }), stable],
    });
    expect(step(before, { ...input, automatic: true }, around)).toEqual({
      state: now,
      effects: [told('process_started', { pid: 9 }), status('running'), stable],
    });
  });

  test('of a process that could not be started', () => {
    const input = { type: 'spawn-failed', error: 'not there' } as const;
    const before = { ...starting, pid: 7, startedAt: 1 };
    expect(step(before, { ...input, onFailure: 'give-up' }, around)).toEqual({
      state: { ...starting, status: 'Stopped', lastError: 'not there' },
      effects: [],
    });
    expect(step(before, { ...input, onFailure: 'try-again' }, around)).toEqual({
      state: { ...backoff, attempt: 3, retryAt: 1400, lastError: 'not there' },
      effects: [
        told('process_restarting', { attempt: 3, delay_ms: 400 }),
        { do: 'timer', name: 'retry', ms: 400 },
      ],
    });
  });

  test.each([
    ['Running', running],
    ['Stopping', stopping],
  ])('of a stop asks a process to end (%s)', (_status, state) => {
    const effects = [
      { do: 'cancel', name: 'stable' },
      { do: 'signal', signal: 'SIGTERM' },
      { do: 'timer', name: 'stop-timeout', ms: 2000 },
    ];
    const before = { ...state, overLimit: true };
    expect(step(before, { type: 'stop' }, around)).toEqual({
      state: { ...stopping, wanted: 'stopped' },
      effects,
    });
    expect(step(before, { type: 'stop', keepWanted: true }, around)).toEqual({ state: stopping, effects });
  });

  test('of a stop ends the wait for a retry', () => {
    expect(step(backoff, { type: 'stop' }, around)).toEqual({
      state: { ...backoff, status: 'Stopped', wanted: 'stopped', retryAt: null, attempt: 0 },
      effects: [{ do: 'cancel', name: 'retry' }, status('stopped')],
    });
  });

  test.each([STOPPED, starting])('of a stop notes the wish when no process runs (%j)', (state) => {
    expect(step(state, { type: 'stop' }, around)).toEqual({
      state: { ...state, wanted: 'stopped' },
      effects: [],
    });
  });

  test('of too much memory asks the process to end', () => {
    const { state, effects } = step(running, { type: 'over-memory', pid: 7 }, around);
    expect(state).toEqual({ ...stopping, overLimit: true });
    expect(effects).toHaveLength(3);
  });

  test('of a retry spawns, and counts', () => {
    expect(step(backoff, { type: 'retry' }, around)).toEqual({
      state: { ...starting, restarts: 4 },
      effects: [status('starting'), { do: 'spawn', automatic: true, onFailure: 'try-again' }],
    });
  });

  test('of a stable run forgets the attempts', () => {
    expect(step(running, { type: 'stable' }, around)).toEqual({
      state: { ...running, attempt: 0 },
      effects: [],
    });
  });

  test('of a stop that takes too long kills', () => {
    expect(step(stopping, { type: 'stop-timeout' }, around)).toEqual({
      state: stopping,
      effects: [{ do: 'signal', signal: 'SIGKILL' }],
    });
  });

  test.each<[Exit, object, string]>([
    [ended(0), { exit_code: 0 }, 'exit'],
    [ended(3), { exit_code: 3 }, 'crash'],
    [ended(null, { signal: 'SIGSEGV' }), { exit_code: null, signal: 'SIGSEGV' }, 'crash'],
    [ended(null, { unknown: true }), { exit_code: null, exit_code_unknown: true }, 'unknown'],
    [
      ended(null, { unknown: true, elsewhere: true }),
      { exit_code: null, exit_code_unknown: true },
      'elsewhere',
    ],
  ])('of an end by itself (%j) tells how it ended', (lastExit, data, reason) => {
    const settings = { ...around, config: config({ restart_policy: 'no' }) };
    expect(step(running, { type: 'exited', exit: lastExit }, settings)).toEqual({
      state: {
        ...starting,
        status: 'Stopped',
        resting: true,
        attempt: 0,
        lastExit,
        lastExitReason: reason,
      },
      effects: [
        { do: 'cancel', name: 'stable' },
        told('process_exited', { ...data, reason }),
        status('stopped'),
      ],
    });
  });

  test('of an end that was asked for stops the app', () => {
    const lastExit = ended(1);
    expect(step(stopping, { type: 'exited', exit: lastExit }, around)).toEqual({
      state: { ...starting, status: 'Stopped', attempt: 0, lastExit, lastExitReason: 'stop' },
      effects: [
        { do: 'cancel', name: 'stop-timeout' },
        told('process_exited', { exit_code: 1, reason: 'stop' }),
        status('stopped'),
      ],
    });
  });

  test('of a crash plans the next try', () => {
    const lastExit = ended(1);
    expect(step(running, { type: 'exited', exit: lastExit }, around)).toEqual({
      state: { ...backoff, attempt: 3, retryAt: 1400, lastExit, lastExitReason: 'crash' },
      effects: [
        { do: 'cancel', name: 'stable' },
        told('process_exited', { exit_code: 1, reason: 'crash' }),
        status('crashed'),
        told('process_restarting', { attempt: 3, delay_ms: 400 }),
        { do: 'timer', name: 'retry', ms: 400 },
      ],
    });
  });

  test('of an end for too much memory tells the reason with the state', () => {
    const reason = 'max_memory';
    const before = { ...stopping, overLimit: true };
    expect(step(before, exit(0), around).effects.slice(0, 3)).toEqual([
      { do: 'cancel', name: 'stop-timeout' },
      told('process_exited', { exit_code: 0, reason }),
      status('crashed', { reason }),
    ]);
    const never = { ...around, config: config({ restart_policy: 'no' }) };
    expect(step(before, exit(0), never).effects.at(-1)).toEqual(status('stopped', { reason }));
  });

  test.each(['stop', 'remove'] as const)('of the last attempt gives up, with the action %s', (action) => {
    const settings = {
      ...around,
      config: { ...around.config, backoff: { ...around.config.backoff, exhausted_action: action } },
    };
    const before = { ...running, attempt: 3, retryAt: 5 };
    const { state, effects } = step(before, exit(1), settings);
    expect(state).toMatchObject({
      status: 'Stopped',
      resting: true,
      exhausted: true,
      retryAt: null,
      attempt: 3,
    });
    expect(effects.slice(2)).toEqual([
      status('crashed'),
      status('backoff_exhausted'),
      ...(action === 'remove' ? [{ do: 'remove' }, status('removed', { reason: 'backoff_exhausted' })] : []),
    ]);
  });

  test('knows how many of the last runs were not stable', () => {
    const runs = [backoff, { ...backoff, attempt: 0 }, running].map((state) => unstableRuns(state));
    expect(runs).toEqual([1, 0, 0]);
  });
});

test.each([
  ['a day at most', { max_delay_ms: 1e12, base_delay_ms: 1e12 }, 0.5, 24 * 3600 * 1000],
  ['no shorter each time', { multiplier: 0.5 }, 0.5, 1000],
  ['no more than twice as long by the lot', { jitter: 5 }, 0.999, 1998],
  ['not less than nothing by the lot', { jitter: 5 }, 0, 0],
  ['the same by a lot that is less than nothing', { jitter: -1 }, 0, 1000],
])('a delay is %s, whatever is configured', (_what, own, random, ms) => {
  const backoff = { base_delay_ms: 1000, max_delay_ms: 1e9, multiplier: 2, jitter: 0, max_attempts: null };
  const attempt = 'multiplier' in own ? 3 : 0;
  expect(backoffDelay({ ...backoff, exhausted_action: 'stop', ...own }, attempt, random)).toBe(ms);
});

describe('a configuration', () => {
  test.each([
    ['{"name":"a"}', 'command'],
    ['{"name":"a","command":"x","nmae":1}', 'nmae'],
    ['{"name":"a","command":"x","stop_timeout":"10s"}', 'stop_timeout'],
    ['{"name":"a","command":"x","env":{"A":null}}', 'env.A'],
    ['{"name":"a","command":"x","env":{"A=secret":"1"}}', /^env: .* cannot hold "=" .* begins with "A"$/],
    ['{"name":"a","command":"x","env":{"":"1"}}', 'env: the name of a variable cannot be empty'],
    ['{"name":"a","command":"x","env":{"A\\u0000B":"1"}}', 'NUL'],
    ['{"name":"a","command":"x","backoff":{"base_delay_ms":1}}', 'backoff'],
    ['{"name":"a","command":"x\\u0000y"}', 'NUL'],
    ['nonsense', 'JSON'],
  ])('%s is refused, and its fault named', (json, part) => {
    expect(() => parseAppConfig(json)).toThrow(part);
  });

  test('takes numbers and booleans of env and args for their text', () => {
    expect(config({ env: { PORT: 3000, DEBUG: true }, args: [1, 'y'] })).toMatchObject({
      env: { PORT: '3000', DEBUG: 'true' },
      args: ['1', 'y'],
    });
  });

  test('takes nulls for defaults, as the original sends them', () => {
    expect(
      config({ args: null, env: null, restart_policy: null, backoff: null, stop_timeout: [3, 0] }),
    ).toMatchObject({
      args: [],
      auto_start: false,
      restart_policy: 'on-failure',
      stop_timeout: { secs: 3, nanos: 0 },
      backoff: { base_delay_ms: 100, max_delay_ms: 30_000, multiplier: 2, jitter: 0.3, max_attempts: null },
    });
    expect(config()).toMatchObject({ stop_timeout: { secs: 10, nanos: 0 } });
  });
});

test.each([
  ['My App', 'my-app'],
  ['test@app!', 'test-app'],
  ['  x  ', 'x'],
  ['..', '..'],
  ['a/b\0c\nd', 'a-b-c-d'],
  ['__proto__', '__proto__'],
  ['ÄÖ', undefined],
  ['', undefined],
  ['x'.repeat(201), undefined],
])('the id of %j is %j', (name, id) => {
  expect(appId(name)).toBe(id);
});
