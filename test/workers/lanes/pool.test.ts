// The pool adds, ends, watches and replaces lanes; the lanes and the clock are the test's own.
import { describe, expect, test } from 'vitest';
import { LanePool } from '#dist/workers/lanes/pool.js';
import type { LaneHooks, PooledLane } from '#dist/workers/lanes/pooled-lane.js';
import { FakeClock } from '../../support/fake-clock.js';

describe('the pool of lanes', () => {
  /** A lane that does what the test says: `busy` is its loop's, `load` its commands'. */
  class FakeLane implements PooledLane {
    state: PooledLane['state'] = 'starting';
    load = 0;
    busy = 0;
    looks = 0;
    /** Milliseconds that it was watched for. */
    watched = 0;

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
    watch(elapsed: number): void {
      this.looks += 1;
      this.watched += elapsed;
    }
    /** A loop that does not turn does not end. */
    stuck = false;
    end(): void {
      this.state = 'ending';
      if (!this.stuck) this.die();
    }
    kill(because: string): void {
      this.die(new Error(because));
    }
    /** One that is stuck in a system call is never gone. */
    gone: Promise<void> = Promise.resolve();
    connectService = (): void => undefined;
    readonly loopDelay = undefined;

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
    const told: string[] = [];
    const created = new LanePool({
      isolation: 'thread',
      minThreads,
      maxThreads,
      clock,
      tell: (step, fields) => void told.push(`${step} ${'lane' in fields ? fields.lane : ''}`.trim()),
      createLane(id, hooks) {
        const lane = new FakeLane(id, hooks);
        lanes.push(lane);
        return lane;
      },
      connectService: () => 'there is none',
      onCapacity: () => undefined,
    });
    const started = created.start();
    for (const lane of lanes) lane.ready();
    await started;
    const ids = (): number[] => created.stats().lanes.map(({ id }) => id);
    return { pool: created, clock, lanes, ids, told };
  }

  const lane = (lanes: readonly FakeLane[], index: number): FakeLane => lanes[index] as FakeLane;

  test('adds a lane if all are busy, up to the limit, and ends it after 30 s without a command', async () => {
    const { pool: lanes, clock, lanes: made, ids, told } = await pool(1, 2);
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
    expect(told.slice(0, -1)).toEqual([
      'lane.started 1',
      'lane.ready 1',
      'lanes.grown',
      'lane.started 2',
      'lane.ready 2',
    ]);
    expect(told.at(-1)).toMatch(/^lane.ended [12]$/);
  });

  test('adds a lane if all are full, although their loops only wait', async () => {
    const { pool: lanes, clock, lanes: made, ids } = await pool(1, 2);
    lanes.pick();
    lane(made, 0).load = 1024;
    clock.advance(50);
    expect(ids()).toEqual([1, 2]);
  });

  test('kills an idle lane that does not end in five seconds', async () => {
    const { pool: lanes, clock, lanes: made, ids } = await pool(1, 2);
    lanes.pick();
    Object.assign(lane(made, 0), { load: 1, busy: 1 });
    clock.advance(50);
    lane(made, 1).ready();
    for (const each of made) Object.assign(each, { load: 0, busy: 0, stuck: true });
    const states = () => made.map(({ state }) => state).toSorted();
    for (let step = 0; step < 100 && !states().includes('ending'); step += 1) clock.advance(1000);
    clock.advance(3_999);
    expect(states()).toEqual(['ending', 'ready']);
    clock.advance(1_001);
    expect([states(), ids().length]).toEqual([['dead', 'ready'], 1]);
  });

  test('watches again from the next command on, also while an idle lane is about to be ended', async () => {
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

  test('does not hold the time in which main itself was late against a lane', async () => {
    const { pool: lanesPool, clock, lanes } = await pool(1, 1);
    const [only] = [lane(lanes, 0)];
    only.load = 1;
    lanesPool.pick();
    clock.advance(100);
    expect([only.looks, only.watched]).toEqual([2, 100]);
    clock.block(10_000);
    expect([only.looks, only.watched]).toEqual([3, 200]);
    clock.advance(50);
    expect([only.looks, only.watched]).toEqual([4, 250]);
  });

  test('does not look at the lanes while they are idle', async () => {
    const { clock } = await pool(2, 2);
    clock.advance(1000);
    expect(clock.pending).toBe(0);
  });

  test('gives a command to the least loaded lane that responds', async () => {
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
    const { pool: lanes, clock, lanes: made, ids, told } = await pool(1, 1);
    for (let deaths = 0; deaths < 5; deaths += 1) {
      made.at(-1)?.die(new Error('x'));
      expect(ids()).toEqual([deaths + 2]);
      expect(lanes.stats().lanes).toMatchObject([{ restarts: deaths + 1 }]);
      made.at(-1)?.ready();
    }
    expect(lanes.down).toBeUndefined();
    made.at(-1)?.die(new Error('x'));
    expect(ids()).toEqual([]);
    expect(lanes.down).toMatchObject({ code: 'LANES_UNAVAILABLE' });
    await lane(made, 0).gone;
    clock.advance(9_999);
    expect(ids()).toEqual([]);
    clock.advance(1);
    expect(ids()).toEqual([7]);
    made.at(-1)?.ready();
    expect(lanes.down).toBeUndefined();
    expect(lanes.stats().lanes).toMatchObject([{ restarts: 6 }]);
    expect(told.filter((step) => step === 'lanes.down')).toHaveLength(1);
    expect(told.filter((step) => step.startsWith('lane.died'))).toEqual(
      [1, 2, 3, 4, 5, 6].map((id) => `lane.died ${id}`),
    );
  });

  test('says so of the last lane too, though one became ready after the others had died too often', async () => {
    const { pool: lanes, clock, lanes: made, ids } = await pool(2, 2);
    for (let deaths = 0; deaths < 5; deaths += 1) {
      made.at(-1)?.die(new Error('x'));
      if (deaths < 4) made.at(-1)?.ready();
    }
    const replacement = made.at(-1);
    lane(made, 0).die(new Error('x'));
    replacement?.ready();
    expect([ids().length, lanes.down]).toEqual([1, undefined]);
    replacement?.die(new Error('x'));
    expect(ids()).toEqual([]);
    expect(lanes.down).toMatchObject({ code: 'LANES_UNAVAILABLE' });
    await Promise.all(made.map(({ gone }) => gone));
    clock.advance(10_000);
    expect(ids()).toHaveLength(2);
    for (const each of made.slice(-2)) each.ready();
    expect(lanes.down).toBeUndefined();
  });

  test('makes at most twice its number of threads while some do not end, says so, and goes on when they have ended', async () => {
    const { pool: lanes, clock, lanes: made, ids } = await pool(1, 1);
    let ends = (): void => undefined;
    const gone = new Promise<void>((resolve) => (ends = resolve));
    Object.assign(lane(made, 0), { gone }).die(new Error('x'));
    lane(made, 1).ready();
    clock.advance(1000);
    Object.assign(lane(made, 1), { gone }).die(new Error('x'));
    lane(made, 2).ready();
    clock.advance(1000);
    lane(made, 2).die(new Error('x'));
    expect([ids(), lanes.stats().stuck]).toEqual([[], 2]);
    expect(lanes.down?.message).toContain('2 threads do not end');
    clock.advance(10_000);
    expect(ids()).toEqual([]);
    ends();
    await gone;
    clock.advance(10_000);
    expect([ids(), lanes.stats().stuck]).toEqual([[4], 0]);
  });

  test('kills a lane whose module is not loaded in time', async () => {
    const { clock, lanes: made, ids } = await pool(1, 1);
    lane(made, 0).die(new Error('x'));
    clock.advance(30_000);
    expect([lane(made, 1).state, ids()]).toEqual(['dead', [3]]);
  });
});
