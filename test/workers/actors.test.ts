// The small machines of the workers' room, each with a clock of the test's own.
import { fc, test as property } from '@fast-check/vitest';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { Deadlines } from '#dist/workers/deadlines.js';
import { Intensity } from '#dist/workers/intensity.js';
import { LanePool } from '#dist/workers/pool.js';
import type { LaneHooks, PooledLane } from '#dist/workers/pooled-lane.js';
import { Publisher } from '#dist/workers/publisher.js';
import { Watchdog } from '#dist/workers/watchdog.js';
import { FakeClock } from '../support/fake-clock.js';

describe('the watchdog', () => {
  test('asks a lane that has work, calls it late after 100 ms and dead after its time', () => {
    const watchdog = new Watchdog(1000, () => 0);
    expect(watchdog.look(50, true)).toBe('ask');
    expect(watchdog.late).toBe(false);
    expect(watchdog.look(50, true)).toBe('wait');
    expect(watchdog.late).toBe(true);
    expect(watchdog.look(850, true)).toBe('wait');
    expect(watchdog.look(50, true)).toBe('dead');
  });

  test('forgets all of it when the loop turns', () => {
    let beats = 0;
    const watchdog = new Watchdog(1000, () => beats);
    watchdog.look(50, true);
    watchdog.look(900, true);
    beats += 1;
    expect(watchdog.look(500, true)).toBe('wait');
    expect([watchdog.late, watchdog.silent]).toEqual([false, 0]);
    expect(watchdog.look(50, true)).toBe('ask');
  });

  test('leaves an idle lane asleep, however long', () => {
    const watchdog = new Watchdog(1000, () => 0);
    for (let look = 0; look < 100; look += 1) expect(watchdog.look(1000, false)).toBe('wait');
    expect(watchdog.late).toBe(false);
  });

  test('goes on watching a lane that was asked and lost its work', () => {
    const watchdog = new Watchdog(1000, () => 0);
    watchdog.look(50, true);
    expect(watchdog.look(1000, false)).toBe('dead');
  });
});

describe('deadlines', () => {
  test('each comes due on its own time, with one timer for all', () => {
    const clock = new FakeClock();
    const due: [string, number][] = [];
    const deadlines = new Deadlines<string>(clock, 100, (item) => due.push([item, clock.now()]));
    deadlines.add('a');
    clock.advance(30);
    deadlines.add('b');
    deadlines.add('c');
    expect(clock.pending).toBe(1);
    deadlines.delete('b');
    clock.advance(200);
    expect(due).toEqual([
      ['a', 100],
      ['c', 130],
    ]);
    expect(clock.pending).toBe(0);
  });

  property.prop([fc.array(fc.record({ wait: fc.nat(50), keep: fc.boolean() }), { maxLength: 50 })])(
    'none is early, none is forgotten, none that was deleted comes',
    (items) => {
      const clock = new FakeClock();
      const due = new Map<number, number>();
      const deadlines = new Deadlines<number>(clock, 100, (item) => due.set(item, clock.now()));
      const expected = new Map<number, number>();
      for (const [index, { wait, keep }] of items.entries()) {
        clock.advance(wait);
        deadlines.add(index);
        if (keep) expected.set(index, clock.now() + 100);
        else deadlines.delete(index);
      }
      clock.advance(1000);
      expect(due).toEqual(expected);
    },
  );
});

test('the intensity lets five restarts in ten seconds through, and then waits for the period', () => {
  const intensity = new Intensity(5, 10_000);
  for (let n = 0; n < 5; n += 1) expect(intensity.restart(n * 1000)).toBe(0);
  expect(intensity.restart(5000)).toBe(10_000);
  expect(intensity.restart(16_000)).toBe(0);
});

describe('the pool of lanes', () => {
  /** A lane that does what the test says: `busy` is its loop's, `load` its commands'. */
  class FakeLane implements PooledLane {
    state: PooledLane['state'] = 'starting';
    load = 0;
    busy = 0;
    looks = 0;

    constructor(
      readonly id: number,
      readonly hooks: LaneHooks,
    ) {}

    get working(): boolean {
      return this.load > 0;
    }
    offer = (): boolean => true;
    recall = (): boolean => true;
    utilization = (): number => this.busy;
    watch(): void {
      this.looks += 1;
    }
    end(): void {
      this.die();
    }
    kill(because: string): void {
      this.die(new Error(because));
    }
    attachService = (): void => undefined;
    detachService = (): void => undefined;

    ready(): void {
      this.state = 'ready';
      this.hooks.onReady();
    }
    die(error?: Error): void {
      this.state = 'dead';
      this.hooks.onEnd(error);
    }
  }

  async function pool(minThreads: number, maxThreads: number) {
    const clock = new FakeClock();
    const lanes: FakeLane[] = [];
    const created = new LanePool({
      minThreads,
      maxThreads,
      clock,
      log: pino({ level: 'silent' }),
      createLane(id, hooks) {
        const lane = new FakeLane(id, hooks);
        lanes.push(lane);
        return lane;
      },
      connectService: () => undefined,
      onRoom: () => undefined,
    });
    const started = created.start();
    for (const lane of lanes) lane.ready();
    await started;
    const ids = (): number[] => created.stats().lanes.map(({ id }) => id);
    return { pool: created, clock, lanes, ids };
  }

  const lane = (lanes: readonly FakeLane[], index: number): FakeLane => lanes[index] as FakeLane;

  test('adds a lane when every one is busy, up to the most, and ends it after 30 s without a command', async () => {
    const { pool: lanes, clock, lanes: made, ids } = await pool(1, 2);
    lanes.pick();
    Object.assign(lane(made, 0), { load: 1, busy: 1 });
    clock.advance(50);
    expect(ids()).toEqual([1, 2]);
    lane(made, 1).ready();
    Object.assign(lane(made, 1), { load: 1, busy: 1 });
    clock.advance(1000);
    expect(ids()).toEqual([1, 2]);
    for (const each of made) Object.assign(each, { load: 0, busy: 0 });
    clock.advance(29_000);
    expect(ids()).toEqual([1, 2]);
    clock.advance(31_000);
    expect(ids()).toHaveLength(1);
  });

  test('adds a lane when every one is full, though its loop only waits', async () => {
    const { pool: lanes, clock, lanes: made, ids } = await pool(1, 2);
    lanes.pick();
    lane(made, 0).load = 1024;
    clock.advance(50);
    expect(ids()).toEqual([1, 2]);
  });

  test('watches from the next command on, also while a lane rests before its end', async () => {
    const { pool: lanes, clock, lanes: made } = await pool(1, 2);
    lanes.pick();
    Object.assign(lane(made, 0), { load: 1, busy: 1 });
    clock.advance(50);
    lane(made, 1).ready();
    Object.assign(lane(made, 0), { load: 0, busy: 0 });
    clock.advance(1000);
    const { looks } = lane(made, 0);
    lanes.pick();
    lane(made, 0).load = 1;
    clock.advance(100);
    expect(lane(made, 0).looks).toBe(looks + 2);
  });

  test('looks at nothing while nothing is to be done', async () => {
    const { clock } = await pool(2, 2);
    clock.advance(1000);
    expect(clock.pending).toBe(0);
  });

  test('gives a command to the least loaded lane that answers', async () => {
    const { pool: lanes, lanes: made } = await pool(3, 3);
    Object.assign(lane(made, 0), { load: 2 });
    Object.assign(lane(made, 1), { load: 0, state: 'late' });
    Object.assign(lane(made, 2), { load: 1 });
    expect(lanes.pick()).toBe(made[2]);
    Object.assign(lane(made, 2), { load: 1024 });
    expect(lanes.pick()).toBe(made[0]);
    // A full one too: it makes room by what stands behind others' first commands.
    Object.assign(lane(made, 0), { state: 'ending' });
    expect(lanes.pick()).toBe(made[2]);
    Object.assign(lane(made, 2), { state: 'ending' });
    expect(lanes.pick()).toBeUndefined();
  });

  test('replaces a lane that died, five times in ten seconds; then says so until the period is over', async () => {
    const { pool: lanes, clock, lanes: made, ids } = await pool(1, 1);
    for (let deaths = 0; deaths < 5; deaths += 1) {
      made.at(-1)?.die(new Error('x'));
      expect(ids()).toEqual([deaths + 2]);
      made.at(-1)?.ready();
    }
    expect(lanes.down).toBeUndefined();
    made.at(-1)?.die(new Error('x'));
    expect(ids()).toEqual([]);
    expect(lanes.down).toMatchObject({ code: 'LANES_UNAVAILABLE' });
    clock.advance(9_999);
    expect(ids()).toEqual([]);
    clock.advance(1);
    expect(ids()).toEqual([7]);
    made.at(-1)?.ready();
    expect(lanes.down).toBeUndefined();
  });

  test('kills a lane whose module is not loaded in time', async () => {
    const { clock, lanes: made, ids } = await pool(1, 1);
    lane(made, 0).die(new Error('x'));
    clock.advance(30_000);
    expect([lane(made, 1).state, ids()]).toEqual(['dead', [3]]);
  });
});

describe('the publisher', () => {
  const make = (window = 1000) => {
    const sent: string[] = [];
    const publisher = new Publisher({
      send: ({ text }) => void sent.push(text),
      maxMessageSize: 10_000,
      window,
    });
    return { publisher, sent };
  };
  const sized = (bytes: number) => ({ eventType: 'e', data: 'x'.repeat(bytes - 42) });
  const state = async (promise: Promise<void>): Promise<string> =>
    Promise.race([
      promise.then(
        () => 'resolved',
        (error: unknown) => (error as { code: string }).code,
      ),
      new Promise<string>((resolve) => setImmediate(() => resolve('pending'))),
    ]);

  test('resolves at once while there is credit, then as it comes back, in order', async () => {
    const { publisher, sent } = make();
    const outcomes = [400, 400, 400, 400].map((bytes) => publisher.publish(sized(bytes)));
    expect(await Promise.all(outcomes.map(state))).toEqual(['resolved', 'resolved', 'pending', 'pending']);
    publisher.release(400);
    expect(await Promise.all(outcomes.map(state))).toEqual(['resolved', 'resolved', 'resolved', 'pending']);
    publisher.release(800);
    expect(sent).toHaveLength(4);
  });

  test('refuses what is not awaited past a second window', async () => {
    const { publisher } = make();
    const outcomes = Array.from({ length: 6 }, () => publisher.publish(sized(500)));
    expect(await Promise.all(outcomes.map(state))).toEqual([
      'resolved',
      'resolved',
      'pending',
      'pending',
      'PUBLISH_OVERRUN',
      'PUBLISH_OVERRUN',
    ]);
    publisher.close();
    expect(await Promise.all(outcomes.slice(2, 4).map(state))).toEqual(['PUBLISH_CLOSED', 'PUBLISH_CLOSED']);
    expect(await state(publisher.publish(sized(100)))).toBe('PUBLISH_CLOSED');
  });

  test('sends an event larger than the window when nothing else is under way', async () => {
    const { publisher, sent } = make();
    const [small, large] = [publisher.publish(sized(100)), publisher.publish(sized(5000))];
    expect(await Promise.all([small, large].map(state))).toEqual(['resolved', 'pending']);
    publisher.release(100);
    expect(await state(large)).toBe('resolved');
    expect(sent).toHaveLength(2);
  });

  test('rejects what is no event', async () => {
    const { publisher } = make();
    for (const event of [
      { eventType: 5, data: 1 },
      { eventType: 'e', data: 1n },
      { eventType: 'e', appName: 5, data: 1 },
      { eventType: 'e', data: () => 1 },
      { eventType: 'heartbeat', data: {} },
      { eventType: 'events_dropped', data: { dropped: 1 } },
      { eventType: 'e', data: 'x'.repeat(20_000) },
    ])
      expect(await state(publisher.publish(event as never))).toBe('EVENT_INVALID');
  });
});
